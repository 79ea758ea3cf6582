import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { Pkcs11Provider } from '../../broker/kms/pkcs11/provider.ts';
import { buildProgram, PROGRAMS } from '../../scripts/build.ts';
import { testKmsProvider, type KmsFault, type KmsHarness } from '../contracts/kms.ts';
import { PKCS11_FAULTS } from '../support/pkcs11-faults.ts';
import { hsmProcesses, SoftHsm } from '../support/softhsm.ts';

const CALL = { timeoutMs: 10_000 };
const CONTEXT = { acct: 'acme', id: 'recording' };

testKmsProvider('pkcs11 on SoftHSM', startSoftHsm, { ...PKCS11_FAULTS, partial: true });

function startSoftHsm(): Promise<KmsHarness> {
  const hsm = new SoftHsm();
  return Promise.resolve({
    provider: new Pkcs11Provider(hsm.config()),
    stranger: new Pkcs11Provider(hsm.config('000000000')),
    key: hsm.createKey('recordings'),
    otherKey: hsm.createKey('voicemails'),
    replica: null,
    missingKey: 'pkcs11:token=acme;object=missing',
    wrongKind: hsm.createKey('legacy', 'des3'),
    malformed: {
      nothing: '',
      'a label alone': 'recordings',
      'no key in it': 'pkcs11:token=acme',
      'a PIN in it': 'pkcs11:token=acme;object=recordings?pin-value=1234',
    },
    makesDataKeys: false,
    deniesByContext: false,
    disable: (uri) => hsm.setUsage(uri, false),
    enable: (uri) => hsm.setUsage(uri, true),
    scheduleDeletion: null,
    revoke: null,
    rotate: null,
    breakWith: (fault) => breakWith(hsm, fault),
    connections: () => Promise.resolve(hsmProcesses().length),
    close: () => {
      hsm.close();
      return Promise.resolve();
    },
  });
}

/** What can happen to a library that is called in a process. Its codes for all else: errors.test.ts. */
function breakWith(hsm: SoftHsm, fault: KmsFault): Promise<() => Promise<void>> | null {
  if (fault === 'silence') return Promise.resolve(hang({ thenKill: false }));
  if (fault === 'reset') return Promise.resolve(hang({ thenKill: true }));
  if (fault !== 'refused connection') return null;
  killAll();
  const plugIn = hsm.unplug();
  return Promise.resolve(() => {
    plugIn();
    return Promise.resolve();
  });
}

/** Stops every HSM process, as a call that never returns would; kills it a little later where the library crashes. */
function hang({ thenKill }: { thenKill: boolean }): () => Promise<void> {
  const stopped = new Map<number, number>();
  const look = () => {
    for (const pid of hsmProcesses()) {
      const sinceMs = stopped.get(pid);
      if (sinceMs === undefined) {
        process.kill(pid, 'SIGSTOP');
        stopped.set(pid, performance.now());
      } else if (thenKill && performance.now() - sinceMs > 50) process.kill(pid, 'SIGKILL');
    }
  };
  look();
  const timer = setInterval(look, 5);
  return () => {
    clearInterval(timer);
    killAll();
    return Promise.resolve();
  };
}

function killAll(): void {
  for (const pid of hsmProcesses()) process.kill(pid, 'SIGKILL');
}

test.serial('what is wrapped takes 61 bytes, each time with another IV', async (t) => {
  const { hsm, provider } = start(t);
  const key = hsm.createKey('recordings');
  const made = await Promise.all(Array.from({ length: 20 }, () => provider.generate(key, CONTEXT, CALL)));
  const ivs = made.map(({ wrapped }) => Buffer.from(wrapped.subarray(1, 13)).toString('hex'));
  t.true(made.every(({ wrapped }) => wrapped.length === 61 && wrapped[0] === 1));
  t.is(new Set(ivs).size, 20);
});

for (const [kind, reason] of [
  ['aes-128', /256 bits/],
  ['des3', /256 bits/],
  ['extractable', /CKA_EXTRACTABLE/],
  ['readable', /CKA_SENSITIVE/],
] as const) {
  test.serial(`not usable: a key that is ${kind}`, async (t) => {
    const { hsm, provider } = start(t);
    const { usable, reason: said } = await provider.describe(hsm.createKey('weak', kind), CALL);
    t.false(usable);
    t.regex(said ?? '', reason);
  });
}

test.serial('a destroyed key is gone at once, also for a session that used it', async (t) => {
  const { hsm, provider } = start(t);
  const key = hsm.createKey('recordings');
  const { wrapped } = await provider.generate(key, CONTEXT, CALL);
  hsm.destroyKey(key);
  await t.throwsAsync(provider.unwrap(key, wrapped, CONTEXT, CALL), { code: 'KEY_NOT_FOUND' });
  await t.throwsAsync(provider.generate(key, CONTEXT, CALL), { code: 'KEY_NOT_FOUND' });
});

test.serial('two keys of one name are told apart by nothing but their ids', async (t) => {
  const { hsm, provider } = start(t);
  const key = hsm.createKey('twin');
  hsm.createKey('twin');
  const error = await t.throwsAsync(provider.generate(key, CONTEXT, CALL), { code: 'KEY_NOT_FOUND' });
  t.regex(error.message, /several keys/);
});

test.serial('a library that does not load has its own words', async (t) => {
  const { hsm } = start(t);
  const provider = new Pkcs11Provider({ ...hsm.config(), pkcs11ModulePath: '/nowhere/libhsm.so' });
  t.teardown(() => provider.close());
  const error = await t.throwsAsync(provider.describe('pkcs11:token=acme;object=x', CALL), {
    code: 'KMS_UNREACHABLE',
  });
  t.regex(error.message, /library could not be loaded/);
});

test.serial('the event loop goes on while the HSM hangs', async (t) => {
  const { hsm, provider } = start(t);
  const key = hsm.createKey('recordings');
  await provider.generate(key, CONTEXT, CALL);
  const mend = hang({ thenKill: false });
  const calling = t.throwsAsync(provider.generate(key, CONTEXT, { timeoutMs: 300 }), {
    code: 'KMS_UNREACHABLE',
  });
  const longestMs = await longestTurn(calling);
  t.true(longestMs < 100, `${longestMs} ms`);
  await mend();
});

test.serial('the built broker’s process does the same', async (t) => {
  const { hsm } = start(t);
  const dir = await mkdtemp(join(tmpdir(), 'cmk-broker-'));
  t.teardown(() => rm(dir, { recursive: true }));
  const program = PROGRAMS.find(({ name }) => name === 'broker');
  if (!program) return t.fail('no broker');
  await buildProgram(program, dir);
  const provider = new Pkcs11Provider(hsm.config(), pathToFileURL(join(dir, 'hsm-process.mjs')));
  t.teardown(() => provider.close());
  const key = hsm.createKey('recordings');
  const { dataKey, wrapped } = await provider.generate(key, CONTEXT, CALL);
  t.true((await provider.unwrap(key, wrapped, CONTEXT, CALL)).keyObject.equals(dataKey.keyObject));
});

function start(t: ExecutionContext): { hsm: SoftHsm; provider: Pkcs11Provider } {
  const hsm = new SoftHsm();
  const provider = new Pkcs11Provider(hsm.config());
  t.teardown(() => {
    provider.close();
    hsm.close();
  });
  return { hsm, provider };
}

/** How long the event loop was away at the most until `done`. */
async function longestTurn(done: Promise<unknown>): Promise<number> {
  let longestMs = 0;
  let lastMs = performance.now();
  const timer = setInterval(() => {
    const nowMs = performance.now();
    longestMs = Math.max(longestMs, nowMs - lastMs);
    lastMs = nowMs;
  }, 1);
  await done;
  clearInterval(timer);
  return longestMs;
}
