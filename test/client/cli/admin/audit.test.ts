import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { canonicalJson, type LedgerRecord } from '../../../../core/ledger.ts';
import { brokerWorld, issue, type BrokerWorld } from '../../../support/broker-world.ts';
import { runCmk } from '../../../support/fake-terminal.ts';
import { TOKEN } from '../../../support/settings.ts';

interface Desk {
  readonly world: BrokerWorld;
  readonly folder: string;
  readonly cmk: (...args: string[]) => ReturnType<typeof runCmk>;
}

/** An auditor with a broker that has something to tell. */
async function desk(t: ExecutionContext): Promise<Desk> {
  const folder = await mkdtemp(join(tmpdir(), 'cmk-audit-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const world = await brokerWorld(t);
  for (let index = 0; index < 3; index++) await issue(world.recorder);
  const env = {
    CMK_ADMIN_TOKEN: TOKEN,
    CMK_BROKER_URL: `http://127.0.0.1:${world.broker.adminPort}`,
  };
  return { world, folder, cmk: (...args) => runCmk(['audit', ...args], { env }) };
}

test('an exported ledger verifies, from the file and from the broker, with its head', async (t) => {
  const { world, folder, cmk } = await desk(t);
  const file = join(folder, 'acme.jsonl');
  const exported = await cmk('export', '--account', 'acme', '--out', file);
  t.is(exported.code, 0, exported.stderr);
  const { sequence, hash } = await world.store.ledgerHead('acme');
  t.is(exported.stderr, `cmk: exported ${sequence} records; the head was ${sequence}:${hash}\n`);
  const printed = await cmk('export', '--account', 'acme', '--quiet');
  t.deepEqual(printed.stdout, await readFile(file));
  t.is(printed.stderr, '');

  const inWords = `acme: ${sequence} records, each as it was written\nhead ${sequence}:${hash}\n`;
  for (const args of [[file], ['--account', 'acme'], [file, '--head', `${sequence}:${hash}`]]) {
    const { code, stdout, stderr } = await cmk('verify', ...args);
    t.is(code, 0, stderr);
    t.is(stdout.toString(), inWords);
  }
  const { stdout } = await cmk('verify', '--account', 'acme', '--json');
  t.deepEqual(JSON.parse(stdout.toString()), {
    ok: true,
    account: 'acme',
    records: sequence,
    head: { sequence, hash },
    fault: null,
  });
  t.is((await cmk('export', '--account', 'acme', '--out', file)).code, 3, 'a file that is there stays');
  t.is((await cmk('verify', file, '--account', 'globex')).code, 4);
  t.is((await cmk('verify', '--none')).code, 0);
});

test('the first bad record of a file is named', async (t) => {
  const { folder, cmk } = await desk(t);
  const file = join(folder, 'acme.jsonl');
  await cmk('export', '--account', 'acme', '--out', file);
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
  const [, , third = ''] = lines;
  const record = JSON.parse(third) as LedgerRecord;
  const head = JSON.parse(lines.at(-1) ?? '') as LedgerRecord;
  const cases: Record<string, { lines: readonly string[]; names: RegExp; args?: string[] }> = {
    changed: {
      lines: lines.with(2, canonicalJson({ ...record, actor: 'nobody' })),
      names: /^cmk: record 3 \(event [0-9a-f-]{36}\): .* \[LEDGER_BROKEN\]/,
    },
    removed: {
      lines: lines.toSpliced(2, 1),
      names: /^cmk: record 3, record 4 stands there: the record was removed/,
    },
    reordered: {
      lines: [lines[0] ?? '', third, lines[1] ?? ''],
      names: /^cmk: record 2 .* does not stand in its place/,
    },
    'cut off': {
      lines: lines.slice(0, 3),
      args: ['--head', `${head.sequence}:${head.hash}`],
      names: /^cmk: record 4: .* were cut off/,
    },
    'another head': {
      lines,
      args: ['--head', `2:${head.hash}`],
      names: /^cmk: record 2 .*its neighbours vouch/,
    },
    'another spelling': {
      lines: lines.with(2, third.replace(':', ': ')),
      names: /^cmk: line 3: .*canonical/,
    },
    'said twice': {
      lines: lines.with(2, third.replace('{', '{"actor":"nobody",')),
      names: /^cmk: line 3: .*canonical/,
    },
    nonsense: { lines: lines.with(2, 'x'), names: /^cmk: line 3: .*no record/ },
  };
  for (const [name, { lines: damaged, args = [], names }] of Object.entries(cases)) {
    await writeFile(file, `${damaged.join('\n')}\n`);
    const { code, stderr } = await cmk('verify', file, ...args);
    t.is(code, 4, name);
    t.regex(stderr, names, name);
  }
  await writeFile(file, lines.join('\n').slice(0, -1));
  t.regex((await cmk('verify', file)).stderr, new RegExp(`^cmk: line ${lines.length}: .*cut off`));
  await writeFile(file, `${lines.toSpliced(2, 1).join('\n')}\n`);
  const { stdout } = await cmk('verify', file, '--json');
  t.like(JSON.parse(stdout.toString()), { ok: false, fault: { kind: 'MISSING', sequence: 3, found: 4 } });
});

test('the ledger in pages, its head, and what there is not', async (t) => {
  const { world } = await desk(t);
  const { sequence, hash } = await world.store.ledgerHead('acme');
  const page = await world.admin('GET', `/v1/accounts/acme/ledger?after=${sequence - 2}&limit=1`);
  t.like(page, { status: 200, body: { records: [{ sequence: sequence - 1, account: 'acme' }] } });
  t.deepEqual(await world.admin('GET', '/v1/accounts/acme/ledger/head'), {
    status: 200,
    body: { sequence, hash },
  });
  for (const path of ['ledger', 'ledger/head', 'ledger/export']) {
    t.like(await world.admin('GET', `/v1/accounts/nobody/${path}`), {
      status: 404,
      body: { code: 'ACCOUNT_UNKNOWN' },
    });
  }
  for (const query of ['after=-1', 'after=x', 'limit=0', 'limit=1001', 'all=1']) {
    t.is((await world.admin('GET', `/v1/accounts/acme/ledger?${query}`)).status, 400, query);
  }
});

async function serve(t: ExecutionContext, server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('what goes wrong says what to do, and never the token', async (t) => {
  const { world, folder, cmk } = await desk(t);
  const url = `http://127.0.0.1:${world.broker.adminPort}`;
  const tokenFile = join(folder, 'token');
  await writeFile(tokenFile, `${TOKEN}\n`);
  const account = ['verify', '--account', 'acme'];
  const withFile = await runCmk(['audit', ...account, '--broker-url', url, '--token-file', tokenFile]);
  t.is(withFile.code, 0, withFile.stderr);

  const halfway = await serve(
    t,
    createServer((request, response) => {
      const isHead = request.url?.endsWith('/head');
      if (isHead) response.end(JSON.stringify({ sequence: 9, hash: '0'.repeat(64) }));
      else response.writeHead(200).write('{"half":', () => response.destroy());
    }),
  );
  const out = join(folder, 'half.jsonl');
  for (const [name, args, env, code, text] of [
    ['no token', account, { CMK_BROKER_URL: url }, 2, /CMK_ADMIN_TOKEN or --token-file/],
    ['a wrong token', account, { CMK_BROKER_URL: url, CMK_ADMIN_TOKEN: 'x'.repeat(40) }, 5, /TOKEN_INVALID/],
    [
      'nobody there',
      [...account, '--broker-url', 'http://127.0.0.1:1'],
      { CMK_ADMIN_TOKEN: TOKEN },
      7,
      /BROKER_UNREACHABLE/,
    ],
    ['no URL', [...account, '--broker-url', 'localhost'], { CMK_ADMIN_TOKEN: TOKEN }, 2, /--broker-url/],
    ['no such token file', [...account, '--token-file', '/nowhere'], {}, 3, /nowhere/],
    [
      'half an export',
      ['export', '--account', 'acme', '--out', out, '--broker-url', halfway],
      { CMK_ADMIN_TOKEN: TOKEN },
      7,
      /BROKER_UNREACHABLE/,
    ],
  ] as const) {
    const result = await runCmk(['audit', ...args], { env });
    t.is(result.code, code, `${name}: ${result.stderr}`);
    t.regex(result.stderr, text, name);
    t.false(result.stderr.includes(TOKEN), name);
  }
  await t.throwsAsync(readFile(out), { code: 'ENOENT' });
  t.is((await cmk('verify', '--account', 'nobody')).code, 5);
  t.is((await cmk('verify')).code, 2);
  t.is((await cmk('verify', '--account', 'acme', '--none')).code, 2);
  t.is((await cmk('verify', '--account', 'acme', '--head', 'x')).code, 2);
});
