import type { FastifyInstance } from 'fastify';
import type { Catalogue } from '../model/catalogue.ts';
import { pageOfAll, type Paging } from './pages.ts';
import { SERVICES } from './operations/accounts.ts';

/** The provider's services and what they store: no secret of any account's. */
export function addCatalogueRoutes(app: FastifyInstance, { catalogue }: { catalogue: Catalogue }): void {
  app.get<{ Querystring: Paging }>('/v1/services', SERVICES.list, ({ query }) =>
    pageOfAll('services', query, catalogue.services, ({ srvId }) => srvId),
  );
}
