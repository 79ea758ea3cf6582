import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CmkClient, ReencryptionWorker, storedFile, type Asset } from '../../client/index.ts';

const client = new CmkClient(); // CMK_SIDECAR, else unix:/run/cmk/sidecar.sock
const end = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => end.abort());

/** Here: a folder for each asset, and every file in it is one of the asset's. */
async function* filesOf(asset: Asset) {
  const folder = join('assets', asset.id);
  for (const name of await readdir(folder)) yield storedFile(join(folder, name));
}

const worker = new ReencryptionWorker({
  client,
  srvId: '0001',
  store: { open: filesOf },
  onProgress({ asset, state, files, error }) {
    console.log(`${asset.id}: ${state}, ${files} files${error ? `, ${error.code}: ${error.message}` : ''}`);
  },
  onListFailed: (error) => console.error(`${error.code}: ${error.message}; trying again`),
});
await worker.run(end.signal);
client.close();
