import test from 'ava';
import fc from 'fast-check';
import type { Principal } from '../../../broker/model/principal.ts';
import { adminWorld, OPERATOR, principal } from '../../support/admin-world.ts';
import { operationsOf, type ApiOperation } from '../../support/api-operations.ts';
import { populate, tour, type Names } from '../../support/api-tour.ts';

/** Requests in all; the same ones in each run. */
const REQUESTS = 5_000;
const SEED = 20_261_122;
/** Stands in whatever the other account says of itself, and in no request. */
const MARK = 'zq-only-theirs';

const NASTY = [
  '',
  ' ',
  '.',
  '..',
  '../../etc/passwd',
  '..%2f..%2f',
  '%00',
  '\u0000',
  '\ud800',
  '\u202eabc',
  '💥'.repeat(50),
  'x'.repeat(20_000),
  '-1',
  '0',
  '1e309',
  '9'.repeat(400),
  'NaN',
  'null',
  'true',
  '__proto__',
  'constructor',
  'toString',
  `' OR 1=1 --`,
  `'; DROP TABLE accounts; --`,
  `" UNION SELECT * FROM keks --`,
  `%' ESCAPE '`,
  '$(touch owned)',
  '`id`',
  '${jndi:ldap://example.test/a}',
  '{{7*7}}',
  '<script>alert(1)</script>',
  'a\r\nx-injected: 1',
  '*',
  'acme,globex',
  'acme%2Fgroups',
  'W10',
  'WyJhIl0',
  'bm90IGpzb24',
];
const text = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...NASTY) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
);
const value: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 3, arbitrary: text },
  {
    weight: 1,
    arbitrary: fc.constantFrom<unknown>(null, true, 0, -1, 1.5, 1e308, 2 ** 53, [], {}, [[]], [null]),
  },
  { weight: 1, arbitrary: fc.array(text, { maxLength: 3 }) },
  { weight: 1, arbitrary: fc.json({ maxDepth: 3 }).map((json) => JSON.parse(json) as unknown) },
  {
    weight: 1,
    arbitrary: fc.constant(JSON.parse('{"__proto__":{"admin":true},"constructor":{}}') as unknown),
  },
);
/** What a header can carry. */
const headerText = text.map((each) => each.replaceAll(/[^\t\x20-\x7e]/g, '?').slice(0, 8_000));
const headers = fc.dictionary(
  fc.constantFrom(
    'if-match',
    'if-none-match',
    'idempotency-key',
    'accept',
    'accept-encoding',
    'x-http-method-override',
    'x-forwarded-for',
    'x-original-url',
    'origin',
    'range',
    'expect-ct',
    'cookie',
  ),
  headerText,
  { maxKeys: 2 },
);
const contentType = fc.constantFrom(
  ...Array.from({ length: 8 }, () => 'application/json'),
  'application/json; charset=utf-16',
  'text/plain',
  'application/xml',
  'multipart/form-data',
  'application/problem+json',
  'nonsense',
);

interface Hostile {
  readonly who: Principal;
  readonly method: string;
  readonly url: string;
  readonly body?: string;
  readonly headers: Record<string, string>;
}

interface Given {
  readonly own: Names;
  readonly theirs: Names;
  readonly bodies: ReadonlyMap<string, unknown>;
}

/** A request to one operation, of which something is not as it should be. */
function hostileTo(operation: ApiOperation, { own, theirs, bodies }: Given): fc.Arbitrary<Hostile> {
  const { method, path, parameters = [], operationId } = operation;
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  const inPath = fc.tuple(
    ...names.map((name) =>
      fc.oneof(
        { weight: 6, arbitrary: fc.constant(own[name] ?? name) },
        { weight: 2, arbitrary: fc.constant(theirs[name] ?? name) },
        { weight: 1, arbitrary: text },
      ),
    ),
  );
  const queried = parameters.filter((each) => each.in === 'query').map(({ name }) => name);
  const query = fc.array(
    fc.tuple(fc.constantFrom(...queried, 'cursor', 'limit', 'admin', '__proto__'), text),
    { maxLength: 3 },
  );
  const who = fc.constantFrom(
    principal('ADMINISTRATOR', 'acme'),
    principal('ADMINISTRATOR', 'acme'),
    principal('AUDITOR', 'acme'),
    OPERATOR,
  );
  const body = operation.requestBody ? bodyLike(bodies.get(operationId)) : fc.constant(undefined);
  return fc
    .record({ who, inPath, query, body, headers, contentType })
    .map(({ inPath: given, query: pairs, body: sent, contentType: type, headers: extra, who: by }) => {
      const filled = names.reduce(
        (url, name, at) => url.replace(`{${name}}`, segment(given[at] ?? '')),
        path,
      );
      const search = pairs.map(([name, each]) => `${segment(name)}=${segment(each)}`).join('&');
      return {
        who: by,
        method,
        url: search === '' ? filled : `${filled}?${search}`,
        ...(sent !== undefined && { body: sent }),
        headers: { ...extra, ...(sent !== undefined && { 'content-type': type }) },
      };
    });
}

/** Well encoded most of the time. */
function segment(part: string): string {
  if (part.startsWith('..%') || part === '%00') return part;
  return encodeURIComponent(part.replaceAll(/\p{Cs}/gu, '\u{fffd}'));
}

/** A body that would be taken, with one member or the whole of it replaced. */
function bodyLike(sample: unknown): fc.Arbitrary<string> {
  const members = Object.entries((sample ?? {}) as Record<string, unknown>);
  const changed = fc
    .tuple(fc.constantFrom(...members.map(([name]) => name), 'admin', '__proto__', 'account'), value)
    .map(([name, each]) => JSON.stringify(Object.fromEntries([...members, [name, each]])));
  return fc.oneof(
    { weight: 6, arbitrary: changed },
    { weight: 2, arbitrary: value.map((each) => JSON.stringify(each)) },
    {
      weight: 1,
      arbitrary: fc.constantFrom('{', '', '[', '{"a":', '"', 'null', '{"kind":"GROUP"', '\u0000'),
    },
    { weight: 1, arbitrary: fc.constant(JSON.stringify(sample ?? {})) },
  );
}

test(`${REQUESTS} hostile requests: no failure of ours, and nothing of another account`, async (t) => {
  t.timeout(240_000);
  const world = await adminWorld(t);
  const own = await populate(world);
  const theirs = await populate(world, 'globex', MARK);
  const bodies = new Map(tour(own).map(({ operationId, options }) => [operationId, options?.body]));
  const operations = operationsOf(world.app);
  const any = fc.constantFrom(...operations).chain((each) => hostileTo(each, { own, theirs, bodies }));
  const theirChain = await world.store.ledgerHead('globex');
  const statuses = new Map<number, number>();
  const startedAt = performance.now();
  for (const { who, method, url, ...options } of fc.sample(any, { numRuns: REQUESTS, seed: SEED })) {
    const { status, headers: answered, body } = await world.ask(who, method, url, options);
    const about = `${who.name} ${method} ${url.slice(0, 300)} ${JSON.stringify(options).slice(0, 600)}`;
    const said = JSON.stringify(body).slice(0, 1_000_000);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    if (status >= 500)
      t.fail(`${status} to ${about}\n${said.slice(0, 2_000)}\n${world.log.slice(-1).join('')}`);
    if (who.account === 'acme' && said.includes(MARK))
      t.fail(`theirs in the answer to ${about}\n${said.slice(0, 2_000)}`);
    if (status >= 400 && !String(answered['content-type']).startsWith('application/problem+json')) {
      t.fail(`no problem in the answer to ${about}\n${said.slice(0, 2_000)}`);
    }
    if (answered['x-injected'] !== undefined) t.fail(`a header of the request’s in the answer to ${about}`);
  }
  t.true((statuses.get(200) ?? 0) > 200, 'many were served');
  t.true((statuses.get(400) ?? 0) > 1_000, 'and many refused');
  t.log(
    [...statuses]
      .sort()
      .map((each) => each.join(': '))
      .join(', '),
  );
  t.log(`${Math.round(performance.now() - startedAt)} ms`);

  // The operator may do what it likes; whoever is of acme left no trace in the other's ledger.
  const records = await world.store.ledgerAfter('globex', theirChain.sequence, 1_000);
  t.deepEqual(
    records.filter(({ actor }) => (actor as string).endsWith('@acme.example')),
    [],
  );
  t.is((await world.ask(OPERATOR, 'GET', '/v1/accounts/globex')).status, 200);
});
