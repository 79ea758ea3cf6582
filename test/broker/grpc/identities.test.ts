import test, { type ExecutionContext } from 'ava';
import type { ServiceError } from '@grpc/grpc-js';
import { CmkError } from '../../../core/errors.ts';
import type { KeyBrokerClient } from '../../../proto/types/cmk/v1/KeyBroker.ts';
import { createTestCa } from '../../../sandbox/ca.ts';
import {
  brokerWorld,
  call,
  issue,
  resolve,
  resolveRequestOf,
  type BrokerWorld,
} from '../../support/broker-world.ts';
import { sidecarId } from '../../support/settings.ts';
import { eventually } from '../../support/eventually.ts';
import { ASSET } from '../../support/key-world.ts';

/** Refused identities: one and the same answer, each an audit event and a metric. */

interface Row {
  readonly client: (world: BrokerWorld) => Promise<KeyBrokerClient>;
  readonly reason: string;
  /** Of the connection itself. */
  readonly connection?: RegExp;
}

const RECORDER_ID = sidecarId('0001');
const HOUR_MS = 3_600_000;

const ROWS: Record<string, Row> = {
  'no certificate': {
    client: (world) => Promise.resolve(world.connect(null)),
    reason: 'NO_CERTIFICATE',
    connection: /^NO_CERTIFICATE: NO_CERTIFICATE$/,
  },
  'an expired certificate': {
    client: (world) =>
      world.connectAs({
        uriSans: [RECORDER_ID],
        notBefore: new Date(Date.now() - 2 * HOUR_MS),
        notAfter: new Date(Date.now() - HOUR_MS),
      }),
    reason: 'NO_CERTIFICATE',
    connection: /^CERTIFICATE_INVALID: CERT_HAS_EXPIRED$/,
  },
  'a certificate that is not valid yet': {
    client: (world) =>
      world.connectAs({
        uriSans: [RECORDER_ID],
        notBefore: new Date(Date.now() + HOUR_MS),
        notAfter: new Date(Date.now() + 2 * HOUR_MS),
      }),
    reason: 'NO_CERTIFICATE',
    connection: /^CERTIFICATE_INVALID: CERT_NOT_YET_VALID$/,
  },
  'another authority’s certificate': {
    client: async (world) =>
      world.connect(await (await createTestCa('Other CA')).issue({ uriSans: [RECORDER_ID] })),
    reason: 'NO_CERTIFICATE',
    connection: /^CERTIFICATE_INVALID: UNABLE_TO_/,
  },
  'another trust domain': {
    client: (world) => world.connectAs({ uriSans: [sidecarId('0001', 'other.test')] }),
    reason: 'OTHER_TRUST_DOMAIN',
  },
  'a trust domain that begins alike': {
    client: (world) => world.connectAs({ uriSans: [sidecarId('0001', 'cmk.test.evil')] }),
    reason: 'OTHER_TRUST_DOMAIN',
  },
  'no SAN': {
    client: (world) => world.connectAs({ uriSans: [], commonName: RECORDER_ID }),
    reason: 'NO_URI_SAN',
  },
  'a DNS name that looks like an id': {
    client: (world) => world.connectAs({ uriSans: [], dnsSans: ['URI:spiffe', 'cmk.test'] }),
    reason: 'NO_URI_SAN',
  },
  'two SANs': {
    client: (world) => world.connectAs({ uriSans: [RECORDER_ID, sidecarId('0002')] }),
    reason: 'SEVERAL_URI_SANS',
  },
  'the same SAN twice': {
    client: (world) => world.connectAs({ uriSans: [RECORDER_ID, RECORDER_ID] }),
    reason: 'SEVERAL_URI_SANS',
  },
  'a URI that is no SPIFFE id': {
    client: (world) => world.connectAs({ uriSans: ['https://cmk.test/service/0001'] }),
    reason: 'NOT_A_SPIFFE_ID',
  },
  'a caller that the catalogue does not know': {
    client: (world) => world.connectAs({ uriSans: ['spiffe://cmk.test/ns/other/sa/other'] }),
    reason: 'CALLER_UNKNOWN',
  },
  'a Phone sidecar': {
    client: (world) => world.connectAs({ uriSans: [sidecarId('0002')] }),
    reason: 'SERVICE_NOT_ALLOWED',
  },
};

/** What the peer can see of a refusal, whole. */
async function refusal(calling: Promise<unknown>): Promise<object> {
  const error: unknown = await calling.then(
    () => new Error('it was allowed'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof CmkError)) throw error;
  const { code, details, metadata } = error.cause as ServiceError;
  return { code, details, trailer: metadata.get('grpc-status-details-bin').join(), reason: error.code };
}

async function lastRefusal(world: BrokerWorld, action: string) {
  return (await world.store.listAudit(null, 100)).find((event) => event.action === action);
}

async function theOneAnswer(t: ExecutionContext, world: BrokerWorld): Promise<object> {
  const issued = await issue(world.recorder);
  const request = { ...resolveRequestOf(issued), dataKeyId: 'unknown' };
  const answer = await refusal(resolve(world.recorder, request));
  t.like(answer, { code: 7, details: 'not authorized for this asset', reason: 'NOT_AUTHORIZED' });
  return answer;
}

for (const [name, { client: connect, reason, connection }] of Object.entries(ROWS)) {
  test(`refused: ${name}`, async (t) => {
    const world = await brokerWorld(t);
    const expected = await theOneAnswer(t, world);
    const issued = await issue(world.recorder);
    const client = await connect(world);
    const calls: Record<string, () => Promise<unknown>> = {
      ISSUE: () => issue(client),
      RESOLVE: () => resolve(client, resolveRequestOf(issued)),
      DESCRIBE: () => call((done) => client.describeAsset({ asset: ASSET }, done)),
    };
    const before = await world.metric('cmk_authorization_denied_total', { reason });
    world.kms.calls.length = 0;
    for (const [action, make] of Object.entries(calls)) {
      t.deepEqual(await refusal(make()), expected, action);
      const event = await lastRefusal(world, action);
      t.like(event, { outcome: 'REFUSED', asset: ASSET, account: 'acme', source: null });
      t.true(event?.detail?.startsWith(`${reason}: `), event?.detail ?? '');
    }
    const denied = (await world.metric('cmk_authorization_denied_total', { reason })) - before;
    t.is(denied, reason === 'NO_CERTIFICATE' && name === 'no certificate' ? 4 : 3);
    t.deepEqual(world.kms.uses(), []);
    if (!connection) return;
    await eventually(async () => (await lastRefusal(world, 'CONNECT')) !== undefined);
    t.regex((await lastRefusal(world, 'CONNECT'))?.detail ?? '', connection);
  });
}

test('refused: an account’s data key under another account’s asset', async (t) => {
  const world = await brokerWorld(t);
  const expected = await theOneAnswer(t, world);
  const request = resolveRequestOf(await issue(world.recorder));
  const asset = { ...ASSET, account: 'globex' };
  const disguised = { ...request.encryptionContext, acct: 'globex' };
  for (const encryptionContext of [request.encryptionContext ?? {}, disguised]) {
    const attempt = { ...request, asset, encryptionContext };
    t.deepEqual(await refusal(resolve(world.recorder, attempt)), expected);
    const event = await lastRefusal(world, 'RESOLVE');
    t.like(event, { outcome: 'REFUSED', account: 'globex', dataKeyId: request.dataKeyId });
    t.regex(event?.detail ?? '', /^DATA_KEY_UNKNOWN: /);
  }
});

test('an unauthorised watcher is refused like everyone', async (t) => {
  const world = await brokerWorld(t);
  const stream = world.connect(null).watchRevocations({ position: 0 });
  const error = await new Promise<ServiceError>((resolve) => stream.once('error', resolve));
  t.is(error.code, 7);
  t.is(error.details, 'not authorized for this asset');
  t.like(await lastRefusal(world, 'WATCH'), { outcome: 'REFUSED', account: null });
});

test('the health service answers anyone, so that probes need no identity', async (t) => {
  const world = await brokerWorld(t);
  const client = world.connect(null);
  const answer = await new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      '/grpc.health.v1.Health/Check',
      () => Buffer.alloc(0),
      (bytes) => bytes,
      {},
      (error, value) => (error ? reject(error) : resolve(value)),
    );
  });
  // Field 1, the status: 1 = SERVING.
  t.deepEqual(answer, Buffer.from([0x08, 0x01]));
});
