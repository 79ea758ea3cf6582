import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { CircuitBreaker } from 'oci-common';
import { KmsCryptoClient, KmsManagementClient, models } from 'oci-keymanagement';
import { Identity } from '../../../broker/kms/oci/identity.ts';
import { parseKeyOcid } from '../../../broker/kms/oci/reference.ts';
import { Transport } from '../../../broker/kms/oci/transport.ts';
import type { AuditEvent, CryptoEvent } from '../../../sandbox/oci-kms/audit.ts';
import {
  startOciKms,
  type OciKms,
  type OciKmsOptions,
  type PrincipalHandle,
} from '../../../sandbox/oci-kms/emulator.ts';
import { HOME, agree, ociConfigFor, startOciWorld, type OciWorld } from '../../support/oci-kms.ts';

const CONTEXT = { acct: 'acme', id: 'meeting-1' };
const AES = { algorithm: models.KeyShape.Algorithm.Aes, length: 32 };
const { Enabled, Disabled } = models.Key.LifecycleState;

async function start(t: ExecutionContext, options: Partial<OciKmsOptions> = {}): Promise<OciWorld> {
  const world = await startOciWorld(options);
  t.teardown(() => world.kms.close());
  return world;
}

/** The SDK's own clients, led to the emulator. */
async function connect(
  t: ExecutionContext,
  kms: OciKms,
  as: PrincipalHandle,
  key: string,
): Promise<{ crypto: KmsCryptoClient; management: KmsManagementClient }> {
  const config = ociConfigFor(kms);
  const transport = new Transport(config, new Identity(config, as));
  t.teardown(() => transport.close());
  const httpClient = transport.client(new AbortController().signal);
  const configuration = { circuitBreaker: new CircuitBreaker({ disableClientCircuitBreaker: true }) };
  const crypto = new KmsCryptoClient({ httpClient }, configuration);
  crypto.endpoint = await transport.baseUrl(parseKeyOcid(key), 'crypto');
  const management = new KmsManagementClient({ httpClient }, configuration);
  management.endpoint = await transport.baseUrl(parseKeyOcid(key), 'management');
  return { crypto, management };
}

function admin(world: OciWorld): PrincipalHandle {
  const { kms, customer } = world;
  const group = kms.createGroup({ tenancy: customer.tenancy, kind: 'group', name: 'Admins' });
  kms.putPolicy({
    tenancy: customer.tenancy,
    name: 'admins',
    statements: ['Allow group Admins to manage keys in tenancy'],
  });
  return kms.createPrincipal({ tenancy: customer.tenancy, kind: 'user', name: 'admin', groups: [group] });
}

test('a customer looks after a key through the SDK', async (t) => {
  const world = await start(t);
  const keyId = world.kms.createKey({ vault: world.customer.vault, displayName: 'ours' });
  const { crypto, management } = await connect(t, world.kms, admin(world), keyId);
  t.like((await management.getKey({ keyId })).key, {
    id: keyId,
    vaultId: world.customer.vault,
    displayName: 'ours',
    lifecycleState: 'ENABLED',
    keyShape: AES,
  });
  const { encryptedData: before } = await crypto.encrypt({
    encryptDataDetails: {
      keyId,
      plaintext: Buffer.from('hello').toString('base64'),
      associatedData: CONTEXT,
    },
  });
  const { keyVersion } = await management.createKeyVersion({ keyId });
  t.not(keyVersion.id, before.keyVersionId);
  t.is((await management.getKey({ keyId })).key.currentKeyVersion, keyVersion.id);
  const { decryptedData } = await crypto.decrypt({
    decryptDataDetails: { keyId, ciphertext: before.ciphertext, associatedData: CONTEXT },
  });
  t.is(Buffer.from(decryptedData.plaintext, 'base64').toString(), 'hello');
  t.is(decryptedData.keyVersionId, before.keyVersionId, 'the version that the ciphertext names');

  t.is((await management.disableKey({ keyId })).key.lifecycleState, Disabled);
  await t.throwsAsync(management.createKeyVersion({ keyId }), { message: /is in state DISABLED/ });
  t.is((await management.enableKey({ keyId })).key.lifecycleState, Enabled);
  const timeOfDeletion = new Date(Date.now() + 8 * 86_400_000);
  await management.scheduleKeyDeletion({ keyId, scheduleKeyDeletionDetails: { timeOfDeletion } });
  t.is((await management.cancelKeyDeletion({ keyId })).key.lifecycleState, Enabled);
});

test('requests that real OCI refuses are refused', async (t) => {
  const world = await start(t);
  agree(world);
  const keyId = world.kms.createKey({ vault: world.customer.vault });
  const otherVault = world.kms.createVault({ tenancy: world.customer.tenancy, region: HOME });
  const elsewhere = world.kms.createKey({ vault: otherVault });
  const { crypto, management } = await connect(t, world.kms, world.broker, keyId);
  const refused = async (code: string, call: Promise<unknown>) => {
    const error = await t.throwsAsync(call, { instanceOf: Error }, code);
    t.is((error as { code?: string }).code, code);
  };
  const generate = { keyId, keyShape: AES, includePlaintextKey: true };
  await refused('NotAuthorizedOrNotFound', management.getKey({ keyId: elsewhere }));
  await refused('NotAuthorizedOrNotFound', management.disableKey({ keyId }));
  await refused(
    'InvalidParameter',
    crypto.generateDataEncryptionKey({
      generateKeyDetails: { ...generate, keyShape: { ...AES, length: 31 } },
    }),
  );
  await refused(
    'InvalidParameter',
    crypto.generateDataEncryptionKey({
      generateKeyDetails: { ...generate, associatedData: { id: 'x'.repeat(4_096) } },
    }),
  );
  await refused(
    'InvalidParameter',
    crypto.generateDataEncryptionKey({
      generateKeyDetails: { ...generate, loggingContext: { id: 'x'.repeat(4_096) } },
    }),
  );
  await refused(
    'InvalidParameter',
    crypto.encrypt({ encryptDataDetails: { keyId, plaintext: 'not base64!' } }),
  );
  await refused('InvalidParameter', crypto.decrypt({ decryptDataDetails: { keyId, ciphertext: 'AAAA' } }));
  crypto.endpoint = management.endpoint;
  await refused('NotFound', crypto.generateDataEncryptionKey({ generateKeyDetails: generate }));
});

test('associated data binds, the logging context does not', async (t) => {
  const world = await start(t);
  agree(world);
  const keyId = world.kms.createKey({ vault: world.customer.vault });
  const { crypto } = await connect(t, world.kms, world.broker, keyId);
  const { generatedKey } = await crypto.generateDataEncryptionKey({
    generateKeyDetails: {
      keyId,
      keyShape: AES,
      includePlaintextKey: true,
      associatedData: CONTEXT,
      loggingContext: { why: 'sealing' },
    },
  });
  const { ciphertext, plaintext } = generatedKey;
  const opened = await crypto.decrypt({ decryptDataDetails: { keyId, ciphertext, associatedData: CONTEXT } });
  t.is(opened.decryptedData.plaintext, plaintext ?? '');
  await t.throwsAsync(crypto.decrypt({ decryptDataDetails: { keyId, ciphertext } }), {
    message: /associated data/,
  });
});

test('a use stands in the service log with its context, a change in the audit log, no secret anywhere', async (t) => {
  const world = await start(t);
  agree(world);
  const { kms, customer, broker } = world;
  const keyId = kms.createKey({ vault: customer.vault, displayName: 'ours' });
  const { crypto } = await connect(t, kms, broker, keyId);
  const { generatedKey } = await crypto.generateDataEncryptionKey({
    generateKeyDetails: { keyId, keyShape: AES, includePlaintextKey: true, loggingContext: CONTEXT },
    opcRequestId: 'REQUEST',
  });
  kms.disableKey(keyId);
  const { ciphertext } = generatedKey;
  await t.throwsAsync(crypto.decrypt({ decryptDataDetails: { keyId, ciphertext, loggingContext: CONTEXT } }));

  const [generated] = kms.events({ key: keyId, eventName: 'GenerateDataEncryptionKey' }) as CryptoEvent[];
  t.like(generated?.logContent, {
    type: 'com.oraclecloud.keymanagementservice.vault.crypto.generatedek',
    source: customer.vault,
    subject: keyId,
    specversion: '1.0',
  });
  t.like(generated?.logContent.data, {
    requestAction: 'GENERATEDEK',
    principalId: broker.ocid,
    statusCode: 200,
    loggingContext: CONTEXT,
  });
  t.regex(generated?.logContent.data.opcRequestId ?? '', /^REQUEST\//);
  t.regex(generated?.logContent.data.keyVersionId ?? '', /^ocid1\.keyversion\./);
  t.is(kms.events({ tenancy: customer.tenancy, eventName: 'Decrypt', status: '409' }).length, 1);
  const [disabled] = kms.events({ key: keyId, eventName: 'DisableKey' }) as AuditEvent[];
  t.like(disabled, { eventType: 'com.oraclecloud.KeyManagementService.DisableKey', eventTypeVersion: '2.0' });
  t.like(disabled?.data, { resourceId: keyId, resourceName: 'ours', compartmentName: 'Keys' });
  const log = JSON.stringify(kms.events());
  for (const secret of [generatedKey.plaintext ?? '', ciphertext]) t.false(log.includes(secret));
});

test('throttling strikes beyond a rate, and says when to come back', async (t) => {
  let nowMs = Date.now();
  const world = await start(t, { nowMs: () => nowMs });
  agree(world);
  const keyId = world.kms.createKey({ vault: world.customer.vault });
  const { management } = await connect(t, world.kms, world.broker, keyId);
  world.kms.faults.add({
    effect: { kind: 'throttle', perSecond: 2, retryAfterSeconds: 1 },
    operation: 'GetKey',
  });
  for (let call = 0; call < 2; call++) await t.notThrowsAsync(management.getKey({ keyId }));
  await t.throwsAsync(management.getKey({ keyId }), { message: /rate limit/ });
  nowMs += 500;
  await t.notThrowsAsync(management.getKey({ keyId }));
});

test('a deleted key is gone after its waiting period', async (t) => {
  let nowMs = Date.now();
  const world = await start(t, { nowMs: () => nowMs });
  const keyId = world.kms.createKey({ vault: world.customer.vault });
  t.throws(() => world.kms.scheduleKeyDeletion(keyId, 6), { message: /7 to 30 days/ });
  world.kms.scheduleKeyDeletion(keyId, 7);
  nowMs += 7 * 86_400_000;
  t.throws(() => world.kms.cancelKeyDeletion(keyId), { message: /is in state DELETED/ });
});

test('a restart keeps keys, policies and identities, if it is told where', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'cmk-oci-'));
  t.teardown(() => rm(dir, { recursive: true }));
  const paths = { statePath: join(dir, 'state.json'), eventsPath: join(dir, 'events.jsonl') };
  const world = await startOciWorld(paths);
  agree(world);
  const keyId = world.kms.createKey({ vault: world.customer.vault });
  const details = { keyId, plaintext: 'aGVsbG8=', associatedData: CONTEXT };
  const before = await connect(t, world.kms, world.broker, keyId);
  const { encryptedData } = await before.crypto.encrypt({ encryptDataDetails: details });
  world.kms.rotateKey(keyId);
  await world.kms.close();

  const kms = await startOciKms({ regions: [HOME], ...paths });
  t.teardown(() => kms.close());
  const { crypto } = await connect(t, kms, world.broker, keyId);
  const { ciphertext } = encryptedData;
  const decryptDataDetails = { keyId, ciphertext, associatedData: CONTEXT };
  t.is((await crypto.decrypt({ decryptDataDetails })).decryptedData.plaintext, 'aGVsbG8=');
  t.is((await stat(paths.statePath)).mode & 0o777, 0o600);
  const lines = (await readFile(paths.eventsPath, 'utf8')).trim().split('\n');
  t.is(lines.length, 3);
});

test('the control API acts as the customer', async (t) => {
  const kms = await startOciKms({ regions: [HOME], controlPort: 0 });
  t.teardown(() => kms.close());
  const control = async (
    method: string,
    path: string,
    body?: object,
    headers: Record<string, string> = {},
  ) => {
    const sent = { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) };
    const response = await fetch(`${kms.controlUrl ?? ''}${path}`, sent);
    return { status: response.status, body: (await response.json()) as Record<string, string> };
  };
  const ocidOf = async (path: string, body?: object) =>
    (await control('POST', path, body)).body['ocid'] ?? '';
  const [tenancy, customer] = [await ocidOf('/tenancies'), await ocidOf('/tenancies')];
  const group = await ocidOf('/groups', { tenancy, kind: 'group', name: 'brokers' });
  const spec = { tenancy, kind: 'user', name: 'broker', groups: [group] };
  const broker = (await control('POST', '/principals', spec)).body as unknown as PrincipalHandle;
  const vault = await ocidOf('/vaults', { tenancy: customer, region: HOME });
  const keyId = await ocidOf('/keys', { vault });
  const { management } = await connect(t, kms, broker, keyId);
  await t.throwsAsync(management.getKey({ keyId }));
  const endorse = ['Endorse group brokers to use keys in any-tenancy'];
  const admit = [
    `Define tenancy Provider as ${tenancy}`,
    `Define group Broker as ${group}`,
    'Admit group Broker of tenancy Provider to use keys in tenancy',
  ];
  await control('POST', '/policies', { tenancy, name: 'cmk', statements: endorse });
  await control('POST', '/policies', { tenancy: customer, name: 'cmk', statements: admit });
  await t.notThrowsAsync(management.getKey({ keyId }));
  t.like(await control('POST', `/keys/${keyId}/disable`), {
    status: 200,
    body: { ocid: keyId, state: 'DISABLED' },
  });
  t.like(await control('POST', `/keys/${keyId}/enable`), { body: { state: 'ENABLED' } });
  await control('DELETE', `/policies?tenancy=${customer}&name=cmk`);
  await t.throwsAsync(management.getKey({ keyId }));
  const { body: denied } = await control('GET', '/events?eventName=GetKey&status=404');
  t.is((denied as unknown as object[]).length, 2);

  const wrong = { tenancy, name: 'x', statements: ['Allow everything'] };
  t.like(await control('POST', '/policies', wrong), { status: 400 });
  t.is((await control('POST', '/keys/ocid1.key.unknown/disable')).status, 404);
  t.is((await control('POST', `/keys/${keyId}/explode`)).status, 404);
  t.is(
    (await control('POST', `/keys/${keyId}/disable`, undefined, { origin: 'https://web.test' })).status,
    400,
  );
});
