import type { lookup, LookupAddress } from 'node:dns';
import { isIP } from 'node:net';
import test from 'ava';
import { isPublic, parseNetworks, publicLookup } from '../../runtime/public-lookup.ts';

for (const address of [
  '20.53.1.2',
  '2603:1030::1',
  '172.32.0.1',
  '100.128.0.1',
  '192.0.3.1',
  '2a01:111::1',
]) {
  test(`public: ${address}`, (t) => {
    t.true(isPublic(address));
  });
}

for (const address of [
  '127.0.0.1',
  '0.0.0.0',
  '10.1.2.3',
  '100.64.0.1',
  '169.254.169.254',
  '172.31.255.255',
  '192.168.1.1',
  '198.18.0.1',
  '224.0.0.1',
  '255.255.255.255',
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
  '192.0.2.1',
  '192.88.99.1',
  '198.51.100.1',
  '203.0.113.1',
  '::',
  '::1',
  '::ffff:127.0.0.1',
  '::ffff:169.254.169.254',
  '64:ff9b::a9fe:a9fe',
  'fc00::1',
  'fd00:ec2::254',
  'fe80::1',
  'ff02::1',
  '::ffff:20.53.1.2',
  '::127.0.0.1',
  '64:ff9b:1::a00:1',
  '100::1',
  '2001::a00:1',
  '2001:2::1',
  '2001:20::1',
  '2001:db8::1',
  '2002:7f00:1::',
  '2002:a9fe:a9fe::1',
  '3fff::1',
  '5f00::1',
  'fec0::1',
]) {
  test(`not public: ${address}`, (t) => {
    t.false(isPublic(address));
  });
}

/** Resolves with these addresses. */
function resolving(...addresses: string[]): typeof lookup {
  const answers: LookupAddress[] = addresses.map((address) => ({ address, family: isIP(address) }));
  const resolve = (_name: string, _options: object, done: (error: null, found: LookupAddress[]) => void) => {
    done(null, answers);
  };
  return resolve as unknown as typeof lookup;
}

function ask(resolve: typeof lookup, all: boolean, networks = ''): Promise<unknown> {
  const lookup = publicLookup(networks === '' ? undefined : parseNetworks(networks), resolve);
  return new Promise((done, fail) => {
    lookup('kms.test', { all }, (error, address) => {
      if (error) fail(error);
      else done(address);
    });
  });
}

test('public addresses pass, one or all of them', async (t) => {
  const resolve = resolving('20.53.1.2', '2603:1030::1');
  t.is(await ask(resolve, false), '20.53.1.2');
  t.is(((await ask(resolve, true)) as unknown[]).length, 2);
});

test('one private address among public ones refuses the name', async (t) => {
  for (const all of [true, false]) {
    await t.throwsAsync(ask(resolving('20.53.1.2', '10.0.0.1'), all), { code: 'PRIVATE_ADDRESS' });
  }
});

test('networks that the configuration names pass, and no others', async (t) => {
  t.is(await ask(resolving('10.20.0.7'), false, '10.20.0.0/16, fd00::/8'), '10.20.0.7');
  t.is(await ask(resolving('::ffff:10.20.0.7'), false, '10.20.0.0/16'), '::ffff:10.20.0.7');
  t.is(await ask(resolving('fd00::7'), false, '10.20.0.0/16, fd00::/8'), 'fd00::7');
  await t.throwsAsync(ask(resolving('10.21.0.7'), false, '10.20.0.0/16'), { code: 'PRIVATE_ADDRESS' });
});
