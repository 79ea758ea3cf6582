import type { FastifyInstance } from 'fastify';
import type { Recipients } from '../alerts/recipients.ts';
import type { Webhook } from '../model/alerts.ts';
import type { Idempotency } from './idempotency.ts';
import { actorOf } from './access.ts';
import { byId, pageOfAll, readPage, type Paging } from './pages.ts';
import { ALERTS } from './operations/alerts.ts';
import { contactsTag, precondition } from './versions.ts';

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
  app.post<{ Params: Account }>('/v1/accounts/:account/alerts/test', ALERTS.test, async (request) => ({
    alert: await recipients.test(actorOf(request), request.params.account),
  }));
  addContacts(app, recipients);
  addWebhooks(app, recipients, idempotency);
}

function addContacts(app: FastifyInstance, recipients: Recipients): void {
  const path = '/v1/accounts/:account/contacts';
  app.get<{ Params: Account }>(path, ALERTS.contacts, async ({ params }, reply) => {
    const stored = await recipients.contacts(params.account);
    return reply.header('etag', contactsTag(stored)).send({ emails: stored.value });
  });
  app.put<{ Params: Account; Body: { emails: string[] } }>(
    path,
    ALERTS.putContacts,
    async (request, reply) => {
      const {
        params: { account },
        body: { emails },
        headers,
      } = request;
      const demand = precondition(headers['if-match'], 'the list of contacts', contactsTag);
      const stored = await recipients.putContacts(actorOf(request), account, emails, demand);
      return reply.header('etag', contactsTag(stored)).send({ emails: stored.value });
    },
  );
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
