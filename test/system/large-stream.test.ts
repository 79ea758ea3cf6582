import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import test from 'ava';
import { CmkClient } from '../../client/index.ts';
import { buildBundles } from '../support/bundles.ts';
import { OWNER, recording, WholeSystem } from '../support/whole-system.ts';

const MIB = 1024 ** 2;
const PIECE_BYTES = 256 * 1024;

/** Bytes that are made as they are read, each piece another. */
async function* generated(totalBytes: number, hash: ReturnType<typeof createHash>): AsyncGenerator<Buffer> {
  const seed = createHash('sha512').update('large-stream').digest();
  for (let at = 0; at < totalBytes; at += PIECE_BYTES) {
    const piece = Buffer.alloc(Math.min(PIECE_BYTES, totalBytes - at), seed);
    piece.writeUIntBE(at, 0, 6);
    hash.update(piece);
    // In turns with everything else.
    yield await Promise.resolve(piece);
  }
}

/** Resident now, and the most since the process began, as the kernel counts. */
function memoryOf(pid: number): { nowMib: number; mostMib: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? NaN);
  return { nowMib: kib('VmRSS') / 1024, mostMib: kib('VmHWM') / 1024 };
}

test('2 GiB sealed and opened in one go keep the sidecar within 64 MiB of idle', async (t) => {
  const programs = await buildBundles(t, ['broker', 'sidecar']);
  const system = await WholeSystem.start(t, 'system-large-stream', 'sqlite', { programs });
  const { address, process: sidecar } = system.sandbox.sidecars.recorder;
  const client = new CmkClient({ address });
  t.teardown(() => client.close());

  const pass = async (totalBytes: number): Promise<{ seconds: number; equal: boolean }> => {
    const [before, after] = [createHash('sha256'), createHash('sha256')];
    const asset = recording(`large-${totalBytes}`);
    const startMs = performance.now();
    const sealed = client.encrypt(generated(totalBytes, before), { asset, owner: OWNER });
    for await (const piece of client.decrypt(sealed, { asset, reason: 'USER_ACCESS' })) {
      after.update(piece as Buffer);
    }
    const seconds = (performance.now() - startMs) / 1000;
    return { seconds, equal: before.digest().equals(after.digest()) };
  };

  const idle = memoryOf(sidecar.pid);
  await pass(4 * MIB);
  const warm = memoryOf(sidecar.pid);
  const { seconds, equal } = await pass(2048 * MIB);
  const end = memoryOf(sidecar.pid);
  t.true(equal);
  t.log(
    `idle ${idle.nowMib.toFixed(1)} MiB, after 4 MiB ${warm.nowMib.toFixed(1)} MiB, ` +
      `at most ${end.mostMib.toFixed(1)} MiB (${(end.mostMib - idle.nowMib).toFixed(1)} MiB more than idle); ` +
      `${(2048 / seconds).toFixed(0)} MiB/s sealed and opened`,
  );
  t.true(end.mostMib - idle.nowMib <= 64, `${(end.mostMib - idle.nowMib).toFixed(1)} MiB`);
});
