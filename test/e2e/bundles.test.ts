import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import test from 'ava';
import { buildBundles } from '../support/bundles.ts';
import { runMarker } from '../support/canaries.ts';
import { plaintextKeyFrom } from '../support/plaintext-key.ts';
import { OWNER, recording, WholeSystem } from '../support/whole-system.ts';

/** The three bundles run from an empty folder, with nothing of the environment and no `node_modules` above them. */

test('broker, sidecar and cmk bundles seal and open a file where nothing else is', async (t) => {
  const bundles = await buildBundles(t);
  for (let folder = bundles.cwd; folder !== dirname(folder); folder = dirname(folder)) {
    t.false(existsSync(join(folder, 'node_modules')), folder);
  }
  const system = await WholeSystem.start(t, 'bundles', 'sqlite', { programs: bundles });
  const { address } = system.sandbox.sidecars.recorder;

  const cmk = async (...args: string[]) => {
    const child = spawn(process.execPath, [bundles.cmk, ...args], {
      cwd: bundles.cwd,
      env: { CMK_SIDECAR: address },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const status = new Promise<number | null>((resolve) => child.once('close', resolve));
    const [out, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
    return { status: await status, out, errors };
  };
  const { account, srvId, type, id } = recording('from-a-bundle');
  const asset = ['--account', account, '--service', srvId, '--type', type, '--id', id];
  const [plain, sealed, opened] = ['plain', 'sealed', 'opened'].map((name) => join(bundles.cwd, name));
  if (!plain || !sealed || !opened) return t.fail();
  const content = randomBytes(300_000);
  await writeFile(plain, content);

  t.like(await cmk('encrypt', plain, sealed, ...asset, '--owner', OWNER), { status: 0 });
  t.false((await readFile(sealed)).includes(content.subarray(0, 64)));
  t.like(await cmk('decrypt', sealed, opened, ...asset, '--reason', 'USER_ACCESS'), { status: 0 });
  t.true(content.equals(await readFile(opened)));
  const inspected = await cmk('inspect', sealed);
  t.is(inspected.status, 0);
  t.true(inspected.out.includes(id), inspected.out);
  const described = await cmk('describe', ...asset);
  t.true(described.out.includes('CUSTOMER_KEY'), described.out + described.errors);
  t.is((await system.calls('GenerateDataKey', id)).length, 1);

  // The scan for keys would find every key of such a system: they all carry this run's marker.
  const { broker, ca } = system.sandbox;
  const key = await plaintextKeyFrom(broker.address, ca, 'spiffe://cmk.sandbox/service/0001');
  t.is(key.length, 32);
  t.is(key.indexOf(runMarker()), 0);
});
