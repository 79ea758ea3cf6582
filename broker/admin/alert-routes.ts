import type { FastifyInstance } from 'fastify';
import type { Recipients } from '../alerts/recipients.ts';
import { OPERATOR } from './routes.ts';
import * as schemas from './schemas.ts';

interface Account {
  account: string;
}

/** Alerts, and whom they go to. */
export function addAlertRoutes(app: FastifyInstance, recipients: Recipients): void {
  app.get<{ Params: Account; Querystring: { limit: string } }>(
    '/v1/accounts/:account/alerts',
    { schema: { params: schemas.accountParams, querystring: schemas.auditQuery } },
    async ({ params, query }) => ({
      alerts: await recipients.alerts(params.account, Number(query.limit)),
    }),
  );
  app.get<{ Params: Account }>(
    '/v1/accounts/:account/contacts',
    { schema: { params: schemas.accountParams } },
    async ({ params }) => ({ emails: await recipients.contacts(params.account) }),
  );
  app.put<{ Params: Account; Body: { emails: string[] } }>(
    '/v1/accounts/:account/contacts',
    { schema: { params: schemas.accountParams, body: schemas.contactsBody } },
    async ({ params, body }) => ({
      emails: await recipients.putContacts(OPERATOR, params.account, body.emails),
    }),
  );
  addWebhooks(app, recipients);
}

function addWebhooks(app: FastifyInstance, recipients: Recipients): void {
  const path = '/v1/accounts/:account/webhooks';
  app.get<{ Params: Account }>(path, { schema: { params: schemas.accountParams } }, async ({ params }) => ({
    webhooks: await recipients.webhooks(params.account),
  }));
  app.post<{ Params: Account; Body: { url: string } }>(
    path,
    { schema: { params: schemas.accountParams, body: schemas.webhookBody } },
    async ({ params, body }, reply) => {
      const { webhook, secret } = await recipients.addWebhook(OPERATOR, params.account, body.url);
      return reply.code(201).header('cache-control', 'no-store').send({ webhook, secret: secret.reveal() });
    },
  );
  app.delete<{ Params: Account & { webhook: string } }>(
    `${path}/:webhook`,
    { schema: { params: schemas.webhookParams } },
    async ({ params }) => {
      await recipients.deleteWebhook(OPERATOR, params.account, params.webhook);
      return { id: params.webhook };
    },
  );
}
