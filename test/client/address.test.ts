import test from 'ava';
import { addressFromEnvironment, DEFAULT_ADDRESS, grpcTarget } from '../../client/address.ts';

const taken: [string, string][] = [
  ['unix:/run/cmk/sidecar.sock', 'unix:/run/cmk/sidecar.sock'],
  ['unix:///run/cmk/sidecar.sock', 'unix:///run/cmk/sidecar.sock'],
  ['unix:relative.sock', 'unix:relative.sock'],
  ['/run/cmk/sidecar.sock', 'unix:/run/cmk/sidecar.sock'],
  ['localhost:7443', 'localhost:7443'],
  ['127.0.0.1:7443', '127.0.0.1:7443'],
  ['[::1]:7443', '[::1]:7443'],
];

for (const [address, target] of taken) {
  test(`takes ${address}`, (t) => t.is(grpcTarget(address), target));
}

for (const address of [
  '',
  'unix:',
  'sidecar.example:7443',
  '10.0.0.1:7443',
  'localhost',
  'localhost:0',
  'localhost:70000',
  'dns:///localhost:1',
  '127.0.0.1.example:1',
]) {
  test(`refuses ${JSON.stringify(address)}: plaintext must not leave the pod`, (t) => {
    t.throws(() => grpcTarget(address), { code: 'INVALID_ARGUMENT', message: /sidecar address: expected/ });
  });
}

test('the environment names the address, and empty is unset', (t) => {
  t.is(addressFromEnvironment({ CMK_SIDECAR: 'localhost:1' }), 'localhost:1');
  t.is(addressFromEnvironment({ CMK_SIDECAR: '' }), DEFAULT_ADDRESS);
  t.is(addressFromEnvironment({}), DEFAULT_ADDRESS);
});
