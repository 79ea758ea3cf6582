import test from 'ava';
import type { AccessRule, Principal } from '../../../broker/model/principal.ts';
import { adminWorld, OPERATOR, principal, type AdminWorld } from '../../support/admin-world.ts';
import { operationsOf, urlOf, type ApiOperation } from '../../support/api-operations.ts';
import { populate, tour, type Names } from '../../support/api-tour.ts';

/**
 * Who may call what, by hand, beside what the routes say: an operation that is new stands in neither, and fails here.
 * Those of `READ` are all others that only read; see the test.
 */
const WRITES: Readonly<Record<'ADMINISTER' | 'OPERATE' | 'ANY', readonly string[]>> = {
  ADMINISTER: [
    'addWebhook',
    'applyCoverage',
    'cancelMove',
    'createToken',
    'deleteWebhook',
    'endEnrolment',
    'enrolKey',
    'enrolType',
    'patchGroup',
    'pauseMove',
    'putContacts',
    'putFailureWish',
    'putFallback',
    'putGroup',
    'putLease',
    'restoreKey',
    'resumeMove',
    'retireKey',
    'revokeKey',
    'revokeToken',
    'sendTestAlert',
    'setKeyReferences',
    'startMove',
    'tryKey',
    'verifyKey',
  ],
  OPERATE: ['putAccount', 'revokeAnyKey'],
  ANY: ['signOut'],
};
const READS: Readonly<Record<Exclude<AccessRule, 'ADMINISTER'>, readonly string[]>> = {
  READ: [
    'exportLedger',
    'followChanges',
    'getAccount',
    'getAsset',
    'getBlastRadius',
    'getContacts',
    'getFailureWishes',
    'getFallback',
    'getGroup',
    'getKey',
    'getKeyReferences',
    'getKeySetUp',
    'getKeyUses',
    'getLease',
    'getKmsBudget',
    'getLedgerHead',
    'getMove',
    'getOverview',
    'getUses',
    'listActivity',
    'listAlerts',
    'listAssetHistory',
    'listAssets',
    'listAuditEvents',
    'listEnrolments',
    'listFallbackEpisodes',
    'listGroups',
    'listKeys',
    'listLeases',
    'listLedgerRecords',
    'listMoves',
    'listTokens',
    'listWebhooks',
    'previewCoverage',
  ],
  OPERATE: [
    'exportCommonLedger',
    'getCommonLedgerHead',
    'getHealth',
    'listAccountHealth',
    'listAccounts',
    'listCommonLedgerRecords',
    'listSidecars',
  ],
  ANY: ['getMe', 'listServices'],
  PUBLIC: ['getOpenApi'],
};

const MARK = 'zq-only-theirs';
const WHO: readonly (Principal | null)[] = [
  null,
  OPERATOR,
  principal('OPERATOR', 'acme'),
  principal('ADMINISTRATOR', 'acme'),
  principal('AUDITOR', 'acme'),
  principal('ADMINISTRATOR', 'globex'),
  principal('AUDITOR', 'globex'),
];

type Expected = 'SERVED' | '200' | '401' | '403' | '404 ACCOUNT_UNKNOWN';

/** What a request must come to, said without the code that decides it. */
function expected(who: Principal | null, rule: AccessRule, account: string | null): Expected {
  if (rule === 'PUBLIC') return '200';
  if (!who) return '401';
  const everywhere = who === OPERATOR;
  if (account !== null && !everywhere && account !== who.account) return '404 ACCOUNT_UNKNOWN';
  if (rule === 'ANY' || everywhere) return 'SERVED';
  if (rule === 'OPERATE') return account !== null && who.role === 'OPERATOR' ? 'SERVED' : '403';
  return rule === 'ADMINISTER' && who.role === 'AUDITOR' ? '403' : 'SERVED';
}

interface Asked {
  readonly operation: ApiOperation;
  readonly who: Principal | null;
  readonly account: string | null;
  readonly expected: Expected;
}

/** Every operation, asked by everybody about every account. */
function matrix(operations: readonly ApiOperation[]): Asked[] {
  return operations.flatMap((operation) =>
    WHO.flatMap((who) =>
      (operation.path.includes('{account}') ? ['acme', 'globex', 'nobody'] : [null]).map((account) => ({
        operation,
        who,
        account,
        expected: expected(who, operation['x-cmk-access'], account),
      })),
    ),
  );
}

type Samples = ReadonlyMap<string, { readonly query: string; readonly body: unknown }>;

function samplesOf(names: Names): Samples {
  return new Map(
    tour(names).map(({ operationId, url, options }) => [
      operationId,
      { query: url.includes('?') ? url.slice(url.indexOf('?')) : '', body: options?.body },
    ]),
  );
}

function send(world: AdminWorld, samples: Samples, { operation, who }: Asked, names: Names) {
  const { query = '', body } = samples.get(operation.operationId) ?? {};
  const url = urlOf(operation.path, names) + query;
  return world.ask(who, operation.method, url, body === undefined ? {} : { body });
}

const nameOf = ({ operation, who, account }: Asked) =>
  `${operation.operationId} by ${who?.name ?? 'nobody'}${account === null ? '' : ` about ${account}`}`;

test('every operation has a rule, and it is the one that it should have', async (t) => {
  const { app } = await adminWorld(t);
  const rules = operationsOf(app).map(({ operationId, ...rest }) => `${operationId} ${rest['x-cmk-access']}`);
  const wanted = [...Object.entries(WRITES), ...Object.entries(READS)].flatMap(([rule, ids]) =>
    ids.map((id) => `${id} ${rule}`),
  );
  const lacking = (all: readonly string[], some: readonly string[]) =>
    some.filter((each) => !all.includes(each));
  t.deepEqual(lacking(wanted, rules), [], 'said by routes, and not here');
  t.deepEqual(lacking(rules, wanted), [], 'said here, and by no route');
  t.is(rules.length, wanted.length);
});

test('role × account × operation: each sees and does what its rule says, and nothing of others', async (t) => {
  const world = await adminWorld(t);
  const names: Record<string, Names> = {
    acme: await populate(world),
    globex: await populate(world, 'globex', MARK),
  };
  const samples = samplesOf(names['acme'] ?? {});
  const all = matrix(operationsOf(world.app));
  const namesOf = ({ account }: Asked) => ({ ...names[account ?? 'acme'], account: account ?? '' });

  const before = await world.audit();
  const refused = all.filter((asked) => asked.expected !== 'SERVED');
  for (const asked of refused) {
    const { status, body } = await send(world, samples, asked, namesOf(asked));
    const code = asked.expected.startsWith('404') ? ` ${String(body['code'])}` : '';
    t.is(`${status}${code}`, asked.expected, nameOf(asked));
    t.false(JSON.stringify(body).includes(MARK), nameOf(asked));
  }
  t.deepEqual(await world.audit(), before, 'what was refused changed nothing');

  const served = all.filter((asked) => asked.expected === 'SERVED');
  for (const asked of served) {
    const { status, body } = await send(world, samples, asked, namesOf(asked));
    t.false([401, 403].includes(status) || status >= 500, `${nameOf(asked)}: ${JSON.stringify(body)}`);
    if (asked.account !== 'nobody') t.not(body['code'], 'ACCOUNT_UNKNOWN', nameOf(asked));
    if (asked.who?.account === 'acme') t.false(JSON.stringify(body).includes(MARK), nameOf(asked));
  }
  t.log(`${refused.length} refused, ${served.length} served`);
});

test('what is another account’s is not found in one’s own', async (t) => {
  const world = await adminWorld(t);
  const acme = await populate(world);
  const globex = await populate(world, 'globex', MARK);
  const theirs = { ...globex, account: 'acme', group: 'theirs' };
  await world.ask(OPERATOR, 'PUT', '/v1/accounts/globex/groups/theirs', {
    body: { name: MARK, licensed: true, members: [] },
  });
  const samples = samplesOf(acme);
  const before = (await world.store.ledgerHead('globex')).sequence;
  const about = operationsOf(world.app).filter(
    ({ path, operationId }) =>
      /\{account\}.*\{(key|group|move|webhook|token|id)\}/.test(path) && operationId !== 'putGroup',
  );
  t.true(about.length > 15);
  for (const operation of about) {
    const who = principal('ADMINISTRATOR', 'acme');
    const asked = { operation, who, account: 'acme', expected: 'SERVED' } as const;
    const { status, body } = await send(world, samples, asked, theirs);
    t.is(status, 404, `${operation.operationId}: ${JSON.stringify(body)}`);
    t.false(JSON.stringify(body).includes(MARK), operation.operationId);
  }
  t.is((await world.store.ledgerHead('globex')).sequence, before, 'nothing came into their ledger');
});
