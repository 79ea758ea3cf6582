import type { FastifyInstance } from 'fastify';
import type { Catalogue } from '../model/catalogue.ts';
import { SERVICES } from './operations/accounts.ts';

/** The provider's services and what they store: no secret of any account's. */
export function addCatalogueRoutes(app: FastifyInstance, { catalogue }: { catalogue: Catalogue }): void {
  app.get('/v1/services', SERVICES.list, () => ({ services: catalogue.services }));
}
