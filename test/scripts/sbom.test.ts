import test from 'ava';
import { sboms } from '../../scripts/sbom.ts';

test('each program’s bill of materials names the packages in its bundle, and no others', async (t) => {
  const { sidecar, broker, injector } = await sboms();
  const names = (document = sidecar) => document?.components.map(({ name }) => name) ?? [];
  t.true(names().includes('@grpc/grpc-js'));
  t.deepEqual(
    names().filter((name) => /aws|azure|fastify|knex|react|eslint/.test(name)),
    [],
  );
  for (const name of ['knex', 'sqlite3', '@aws-sdk/client-kms', 'react'])
    t.true(names(broker).includes(name), name);
  t.false(names(injector).includes('@grpc/grpc-js'));
  t.true(names(injector).includes('prom-client'));
  for (const document of [sidecar, broker, injector]) {
    const refs = new Set(document?.components.map((each) => each['bom-ref']));
    for (const { ref, dependsOn } of document?.dependencies ?? [])
      for (const each of [ref, ...dependsOn]) t.true(refs.has(each), each);
  }
  t.is(new Set([sidecar, broker, injector].map((document) => document?.serialNumber)).size, 3);
});
