import test from 'ava';
import type { NewerWord } from '../../../broker/model/newer-word.ts';
import { adminWorld, OPERATOR, principal } from '../../support/admin-world.ts';
import { populate, tour } from '../../support/api-tour.ts';
import { executeSql } from '../../support/execute-sql.ts';

const NEWER = 'FROM_TOMORROW';

/** Wherever a row has a word of a closed set: what a newer release, beside this one, may have added to the set. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  accounts: ['licence', 'fallback_mode'],
  keks: ['lifecycle'],
  key_statuses: ['status', 'cause'],
  data_keys: ['protection'],
  failure_wishes: ['wish'],
  audit_events: ['action', 'outcome', 'reason', 'source', 'operation'],
  ledger_tallies: ['action', 'outcome', 'source'],
  moves: ['kind', 'problem_code', 'problem_detail'],
  move_failures: ['code'],
  alert_deliveries: ['channel', 'state'],
  use_reporters: ['state'],
  api_tokens: ['role'],
};

/** What does not look but weighs, and says no to what it does not know. */
const WEIGHS = ['getBlastRadius'];

test('whatever a newer release stored: every page of it is answered', async (t) => {
  const world = await adminWorld(t, { mayHaveNewerWords: true });
  const names = await populate(world);
  const overview = `/v1/accounts/${names['account']}/overview`;
  await world.ask(OPERATOR, 'GET', overview);
  for (const [table, columns] of Object.entries(WORDS)) {
    const set = columns.map((column) => `${column} = '${NEWER}'`).join(', ');
    const only = table === 'key_statuses' ? ` WHERE key_use = 'DECRYPT'` : '';
    await executeSql(world.sqlitePath, `UPDATE OR REPLACE ${table} SET ${set}${only}`);
  }
  await executeSql(world.sqlitePath, `UPDATE keks SET provider = 'tomorrow' WHERE account IS NOT NULL`);
  await executeSql(
    world.sqlitePath,
    `UPDATE alerts SET facts = json_set(facts, '$.to', '${NEWER}', '$.cause', '${NEWER}', '$.more', 1)`,
  );
  const answers = [];
  for (const { operationId, method, url, status } of tour(names)) {
    if (method !== 'GET' || WEIGHS.includes(operationId) || operationId === 'followChanges') continue;
    const answer = await world.ask(OPERATOR, method, url);
    t.is(answer.status, status, `${operationId}: ${JSON.stringify(answer.body)} ${world.log.join('')}`);
    answers.push(operationId, JSON.stringify(answer.body));
  }
  const all = answers.join('\n');
  for (const shown of ['"lifecycle"', '"protection"', '"action"', '"kind"', '"role"', '"licence"', '"mode"'])
    t.true(all.includes(`${shown}:"${NEWER}"`), `${shown} is shown as it is`);
});

test('who has a role of a newer release is known, and may do nothing', async (t) => {
  const { ask } = await adminWorld(t);
  const newcomer = { ...principal('AUDITOR', 'acme'), role: NEWER as NewerWord };
  for (const [url, status] of [
    ['/v1/me', 403],
    ['/v1/accounts/acme', 403],
    ['/v1/accounts/globex', 404],
    ['/v1/accounts', 403],
  ] as const)
    t.is((await ask(newcomer, 'GET', url)).status, status, url);
});
