/**
 * A process of its own, to be killed: opens the store that is named by its first argument and, with a second argument, stores
 * data keys of the assets <that argument>-0, -1 … for ever. It says `open`, then `stored <asset id>` for each promise that fulfilled.
 */
import { type StoreLocation, openStore } from '../../broker/store/open-store.ts';
import { aDataKey, anAsset, anAuditEvent } from './stored-facts.ts';

const [location, prefix] = process.argv.slice(2);
const store = await openStore(JSON.parse(location ?? '') as StoreLocation);
process.stdout.write('open\n');

if (prefix === undefined) await store.close();
else
  await Promise.all([writeForEver(`${prefix}-a`), writeForEver(`${prefix}-b`), writeForEver(`${prefix}-c`)]);

async function writeForEver(name: string): Promise<void> {
  const [kek] = await store.listKeks('acme');
  if (!kek) throw new Error('the test stores a key first');
  for (let count = 0; ; count++) {
    const asset = anAsset({ id: `${name}-${count}` });
    await store.insertDataKey(aDataKey(kek, { asset }), anAuditEvent({ dataKeyId: asset.id }));
    process.stdout.write(`stored ${asset.id}\n`);
  }
}
