import { get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'ava';
import { adminWorld, HEADER, OPERATOR } from '../../support/admin-world.ts';
import { eventually } from '../../support/eventually.ts';

test('exports of one ledger have a bound, which those of others do not share', async (t) => {
  const { app, administration, ledgerReading } = await adminWorld(t);
  await administration.putAccount('operator', { id: 'globex', name: 'Globex', licence: 'NONE' });
  const whole = ledgerReading.whole.bind(ledgerReading);
  // Too long for readers that take their time.
  ledgerReading.whole = async (account) => {
    const pages = await whole(account);
    if (account !== 'acme') return pages;
    return (async function* () {
      for await (const page of pages) for (;;) yield page;
    })();
  };
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const begin = (account: string) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      const url = `http://127.0.0.1:${port}/v1/accounts/${account}/ledger/export`;
      const request = get(url, { headers: { [HEADER]: JSON.stringify(OPERATOR) }, agent: false }, resolve);
      request.on('error', reject);
      t.teardown(() => request.destroy());
    });
  const first = await begin('acme');
  for (let count = 1; count < 10; count++) t.is((await begin('acme')).statusCode, 200);
  t.is((await begin('acme')).statusCode, 429);
  t.is((await begin('globex')).statusCode, 200);
  t.is((await begin('nobody')).statusCode, 404);
  first.destroy();
  await eventually(async () => (await begin('acme')).statusCode === 200);
  t.is((await begin('acme')).statusCode, 429);
});
