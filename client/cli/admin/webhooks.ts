import type { Command } from 'commander';
import type { Io } from '../io.ts';
import { ACCOUNT, addCommand, addSubject } from './command.ts';
import { at, type AccountOptions } from './desk.ts';
import { fields, table, timeOfSeconds } from './text.ts';

interface Webhook {
  readonly id: string;
  readonly url: string;
  readonly createdAt: number;
}

/** `cmk admin webhooks …`. */
export function addWebhooks(admin: Command, io: Io): void {
  const webhooks = addSubject(admin, 'webhooks', 'Where an account’s alerts are posted to.');
  const list = { usage: 'list', does: 'List the webhooks.', options: [ACCOUNT], help: LIST_HELP };
  addCommand<AccountOptions>(webhooks, io, list, async (desk, { account }) => {
    const path = at`/v1/accounts/${account}/webhooks`;
    await desk.tell(await desk.getAll<'webhooks', Webhook>(path, 'webhooks'), inText);
  });
  const add = {
    usage: 'add <url>',
    does: 'Add a webhook, and show its secret this once.',
    options: [ACCOUNT],
    help: ADD_HELP,
  };
  addCommand<AccountOptions>(webhooks, io, add, async (desk, { account }, url: string) => {
    const path = at`/v1/accounts/${account}/webhooks`;
    const answer = await desk.send<{ webhook: Webhook; secret: string }>('POST', path, { url });
    await desk.tell(answer, ({ webhook, secret }) =>
      fields([
        ['webhook', webhook.id],
        ['url', webhook.url],
        ['secret', `${secret} (shown this once: keep it where its posts are received)`],
      ]),
    );
  });
  const remove = {
    usage: 'remove <webhook>',
    does: 'Remove a webhook. What was not delivered to it is dropped.',
    options: [ACCOUNT],
    help: REMOVE_HELP,
  };
  addCommand<AccountOptions>(webhooks, io, remove, async (desk, { account }, id: string) => {
    const answer = await desk.send<{ id: string }>('DELETE', at`/v1/accounts/${account}/webhooks/${id}`);
    await desk.tell(answer, () => `webhook ${id} is removed\n`);
  });
}

function inText({ webhooks }: { webhooks: Webhook[] }): string {
  const rows = webhooks.map(({ id, url, createdAt }) => [id, timeOfSeconds(createdAt), url]);
  return table(['webhook', 'added', 'url'], rows, 'no webhooks');
}

const LIST_HELP = `Examples:
  cmk admin webhooks list --account acme`;

const ADD_HELP = `How to check the signature with the secret is in docs/alerts.md.

Examples:
  cmk admin webhooks add https://hooks.acme.example/cmk --account acme`;

const REMOVE_HELP = `Examples:
  cmk admin webhooks remove 018bcfe5-6800-7000-8000-000000000001 --account acme`;
