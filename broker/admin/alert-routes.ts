import type { FastifyInstance } from 'fastify';
import type { Recipients } from '../alerts/recipients.ts';
import type { Webhook } from '../model/alerts.ts';
import type { Idempotency } from './idempotency.ts';
import { actorOf } from './access.ts';
import { byId, pageOfAll, readPage, type Paging } from './pages.ts';
import { ALERTS } from './operations/alerts.ts';

interface Account {
  account: string;
}

/** Alerts, and whom they go to. */
export function addAlertRoutes(
  app: FastifyInstance,
  { recipients, idempotency }: { recipients: Recipients; idempotency: Idempotency },
): void {
  app.get<{ Params: Account; Querystring: Paging }>(
    '/v1/accounts/:account/alerts',
    ALERTS.list,
    ({ params, query }) =>
      readPage('alerts', query, (before, limit) => recipients.alerts(params.account, limit, before), byId),
  );
  app.get<{ Params: Account }>('/v1/accounts/:account/contacts', ALERTS.contacts, async ({ params }) => ({
    emails: await recipients.contacts(params.account),
  }));
  app.put<{ Params: Account; Body: { emails: string[] } }>(
    '/v1/accounts/:account/contacts',
    ALERTS.putContacts,
    async (request) => ({
      emails: await recipients.putContacts(actorOf(request), request.params.account, request.body.emails),
    }),
  );
  addWebhooks(app, recipients, idempotency);
}

function addWebhooks(app: FastifyInstance, recipients: Recipients, idempotency: Idempotency): void {
  const path = '/v1/accounts/:account/webhooks';
  app.get<{ Params: Account; Querystring: Paging }>(path, ALERTS.webhooks, async ({ params, query }) =>
    pageOfAll('webhooks', query, await recipients.webhooks(params.account), byId),
  );
  app.post<{ Params: Account; Body: { url: string } }>(path, ALERTS.addWebhook, (request, reply) => {
    const { account } = request.params;
    const make = async () => {
      const { webhook, secret } = await recipients.addWebhook(actorOf(request), account, request.body.url);
      return { status: 201, body: { webhook, secret: secret.reveal() } };
    };
    void reply.header('cache-control', 'no-store');
    return idempotency.serve(request, reply, account, make, {
      conceal: (body) => ({ webhook: (body as { webhook: Webhook }).webhook }),
      reveal(body) {
        const { webhook } = body as { webhook: Webhook };
        return { webhook, secret: recipients.secretOf(webhook.id).reveal() };
      },
    });
  });
  app.delete<{ Params: Account & { webhook: string } }>(
    `${path}/:webhook`,
    ALERTS.deleteWebhook,
    async (request) => {
      const { params } = request;
      await recipients.deleteWebhook(actorOf(request), params.account, params.webhook);
      return { id: params.webhook };
    },
  );
}
