import type { ApiToken } from '../../broker/model/api-tokens.ts';
import { uuidv7 } from '../../broker/model/uuid.ts';
import { anAuditEvent, withAccount } from '../support/stored-facts.ts';
import type { StoreCase } from './store.ts';

const START_MS = 1_700_000_000_000;
const MOST = 3;

function aToken(name: string, facts: Partial<ApiToken> = {}): ApiToken {
  return {
    id: uuidv7(Date.now()),
    account: 'acme',
    name,
    role: 'AUDITOR',
    createdBy: 'alice@acme.example',
    createdAt: START_MS,
    expiresAt: START_MS + 1,
    lastUsedAt: null,
    ...facts,
  };
}

/** What programs sign in with. */
export const apiTokenCases: Record<string, StoreCase> = {
  'tokens come back as they were made, by their hash and by their account': async (t, store) => {
    await withAccount(store);
    await withAccount(store, 'globex');
    const tokens = [aToken('one'), aToken('two', { role: 'ADMINISTRATOR' })];
    for (const token of tokens)
      await store.apiTokens.insert(token, `hash of ${token.name}`, MOST, anAuditEvent());
    t.deepEqual(await store.apiTokens.list('acme'), tokens);
    t.deepEqual(await store.apiTokens.list('globex'), []);
    t.deepEqual(await store.apiTokens.find('hash of two'), tokens[1]);
    t.is(await store.apiTokens.find('hash of three'), null);
    const same = aToken('one', { account: 'globex' });
    await store.apiTokens.insert(same, 'another hash', MOST, anAuditEvent());
    t.deepEqual(await store.apiTokens.list('globex'), [same], 'a name is the account’s own');
  },

  'what cannot be made leaves nothing behind': async (t, store) => {
    await withAccount(store);
    const insert = (token: ApiToken, hash: string) =>
      store.apiTokens.insert(token, hash, MOST, anAuditEvent({ detail: 'in vain' }));
    await store.apiTokens.insert(aToken('one'), 'a', MOST, anAuditEvent());
    await t.throwsAsync(insert(aToken('one'), 'b'), { code: 'CONFLICT', message: /named "one" already/ });
    await t.throwsAsync(insert(aToken('two'), 'a'), { code: 'CONFLICT' });
    await t.throwsAsync(insert(aToken('x', { account: 'nobody' }), 'c'), { code: 'CONFLICT' });
    for (const name of ['two', 'three'])
      await store.apiTokens.insert(aToken(name), name, MOST, anAuditEvent());
    await t.throwsAsync(insert(aToken('four'), 'd'), { code: 'CONFLICT', message: /at most 3 tokens/ });
    t.is((await store.apiTokens.list('acme')).length, MOST);
    const details = (await store.listAudit('acme', 100)).map(({ detail }) => detail);
    t.false(details.includes('in vain'));
  },

  'a use of a token is noted, and never goes back': async (t, store) => {
    await withAccount(store);
    const token = aToken('one');
    await store.apiTokens.insert(token, 'a', MOST, anAuditEvent());
    for (const at of [5_000, 4_000]) await store.apiTokens.used(token.id, START_MS + at);
    t.is((await store.apiTokens.find('a'))?.lastUsedAt, START_MS + 5_000);
  },

  'a token goes once, by its own account alone, with its event': async (t, store) => {
    await withAccount(store);
    await withAccount(store, 'globex');
    const token = aToken('one');
    await store.apiTokens.insert(token, 'a', MOST, anAuditEvent());
    t.false(
      await store.apiTokens.delete('globex', token.id, anAuditEvent({ account: 'globex', detail: 'no' })),
    );
    const audit = anAuditEvent({ detail: 'gone' });
    t.true(await store.apiTokens.delete('acme', token.id, audit));
    t.false(await store.apiTokens.delete('acme', token.id, anAuditEvent({ detail: 'no' })));
    t.is(await store.apiTokens.find('a'), null);
    const details = (await store.listAudit(null, 100)).map(({ detail }) => detail);
    t.true(details.includes('gone'));
    t.false(details.includes('no'));
  },
};
