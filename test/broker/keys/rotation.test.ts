import test, { type ExecutionContext } from 'ava';
import { assetContext } from '../../../core/encryption-context.ts';
import { AwsKmsProvider } from '../../../broker/kms/aws/provider.ts';
import { parseBlob } from '../../../broker/kms/azure/blob.ts';
import { AzureKmsProvider } from '../../../broker/kms/azure/provider.ts';
import { OciKmsProvider } from '../../../broker/kms/oci/provider.ts';
import type { KmsProvider } from '../../../broker/kms/provider.ts';
import type { Kek, ProviderName } from '../../../broker/model/types.ts';
import { startAwsKms } from '../../../sandbox/aws-kms/emulator.ts';
import { startAzureKms } from '../../../sandbox/azure-kms/emulator.ts';
import { startTransit } from '../../../sandbox/transit/emulator.ts';
import { BROKER_ACCOUNT, CUSTOMER_ACCOUNT, awsConfigFor, customerPolicy } from '../../support/aws-kms.ts';
import {
  CUSTOMER_TENANT,
  azureConfigFor,
  brokerApplication,
  rsaKeys,
  withSecret,
} from '../../support/azure-kms.ts';
import { canaryBytes } from '../../support/canaries.ts';
import { everyProvider } from '../../support/every-provider.ts';
import type { FakeKms } from '../../support/fake-kms.ts';
import { keyWorld, PATIENT, RECORDER, type KeyWorld } from '../../support/key-world.ts';
import { agree, ociConfigFor, startOciWorld } from '../../support/oci-kms.ts';
import { resolveRequest } from '../../support/resolve-request.ts';
import { anAsset } from '../../support/stored-facts.ts';
import {
  BROKER_ROLE,
  BROKER_SUBJECT,
  kubernetesLogin,
  policyForMount,
  providerFor,
  tokenFile,
} from '../../support/transit.ts';

/** A customer's KMS that behaves, with a key that the broker may use. */
interface Rotating {
  readonly provider: KmsProvider;
  readonly key: string;
  readonly rotate: () => void;
  /** Takes away what sealing needs, and leaves what opening needs; null: its permissions do not tell them apart. */
  readonly denySealing: (() => void) | null;
  /** Which version of the key wrapped this; null: only the KMS can read it. */
  readonly versionOf: ((wrapped: Uint8Array) => string) | null;
}

const KMSS = { aws, azure, oci, transit } as const satisfies Partial<
  Record<ProviderName, (t: ExecutionContext) => Promise<Rotating>>
>;

async function aws(t: ExecutionContext): Promise<Rotating> {
  const region = 'us-east-1';
  const kms = await startAwsKms({ regions: [region], randomBytes: canaryBytes });
  t.teardown(() => kms.close());
  const broker = kms.createPrincipal({ account: BROKER_ACCOUNT, kind: 'role', name: 'key-broker' });
  const policy = customerPolicy(broker.arn);
  const key = kms.createKey({ account: CUSTOMER_ACCOUNT, region, policy });
  const deny = {
    Effect: 'Deny',
    Principal: { AWS: broker.arn },
    Action: ['kms:Encrypt', 'kms:GenerateDataKey*'],
    Resource: '*',
  };
  return {
    provider: new AwsKmsProvider(awsConfigFor(kms), broker),
    key,
    rotate: () => kms.rotateKey(key),
    denySealing: () => kms.putKeyPolicy(key, customerPolicy(broker.arn, [deny])),
    versionOf: null,
  };
}

async function azure(t: ExecutionContext): Promise<Rotating> {
  const kms = await startAzureKms({ makeRsa: rsaKeys() });
  t.teardown(() => kms.close());
  const broker = brokerApplication(kms);
  const authorization = 'access-policy';
  const vault = kms.createVault({ name: 'acme-keys', tenantId: CUSTOMER_TENANT, authorization });
  const allow = (...permissions: string[]) => kms.setAccessPolicy(vault, broker.oid, permissions);
  allow('get', 'wrapKey', 'unwrapKey');
  const key = kms.createKey({ vault, name: 'recordings' });
  return {
    provider: new AzureKmsProvider(azureConfigFor(kms), withSecret(broker)),
    key,
    rotate: () => void kms.rotateKey(key),
    denySealing: () => allow('get', 'unwrapKey'),
    versionOf: (wrapped) => parseBlob(wrapped).keyId,
  };
}

async function oci(t: ExecutionContext): Promise<Rotating> {
  const world = await startOciWorld();
  const { kms, broker, customer } = world;
  t.teardown(() => kms.close());
  agree(world);
  const key = kms.createKey({ vault: customer.vault });
  return {
    provider: new OciKmsProvider(ociConfigFor(kms), broker),
    key,
    rotate: () => kms.rotateKey(key),
    denySealing: null,
    versionOf: null,
  };
}

async function transit(t: ExecutionContext): Promise<Rotating> {
  const kms = await startTransit();
  t.teardown(() => kms.close());
  kms.putRole('kubernetes', 'cmk-broker', BROKER_ROLE);
  kms.putPolicy('cmk', policyForMount('transit'));
  const key = kms.createKey('recordings');
  const token = tokenFile(kms.issueJwt({ sub: BROKER_SUBJECT }));
  return {
    provider: providerFor(kms, kubernetesLogin(token)),
    key,
    rotate: () => kms.rotateKey(key),
    denySealing: () => kms.putPolicy('cmk', policyForMount('transit').replace(/^path .*encrypt.*$/m, '')),
    versionOf: (wrapped) => /^vault:v\d+:/.exec(Buffer.from(wrapped).toString())?.[0] ?? '',
  };
}

/** The fake keys of the platform and of the world's own enrolment, and real providers for all others. */
function besides(fake: FakeKms, real: KmsProvider): KmsProvider {
  return new Proxy<KmsProvider>(real, {
    get(_, name) {
      const of = (provider: KmsProvider): unknown => Reflect.get(provider, name, provider);
      if (typeof of(real) !== 'function') return of(real);
      return (...facts: unknown[]) => {
        const provider = String(facts[0]).startsWith('fake:') ? fake : real;
        return (of(provider) as (...all: unknown[]) => unknown).apply(provider, facts);
      };
    },
  });
}

async function worldWith(
  t: ExecutionContext,
  kmss: Partial<Record<ProviderName, Rotating>>,
): Promise<KeyWorld> {
  for (const each of Object.values(kmss)) t.teardown(() => each.provider.close());
  return keyWorld(t, {
    providers: (fake) => {
      const real = Object.entries(kmss).map(([name, { provider }]) => [name, besides(fake, provider)]);
      return { ...everyProvider(fake), ...Object.fromEntries(real) } as ReturnType<typeof everyProvider>;
    },
  });
}

async function enrol({ enrolKey }: KeyWorld, provider: ProviderName, key: string): Promise<Kek> {
  const enrolment = await enrolKey.run('operator', 'acme', { provider, references: [key] });
  if (!enrolment.ok) throw enrolment.error;
  return enrolment.kek;
}

/** Seals for a new asset; the data key is what it must open to for ever. */
async function seal(world: KeyWorld, id: string) {
  const { dataKey, kekId } = await world.issue({ id });
  return { id, kekId, bytes: Buffer.from(dataKey.copyBytes()).toString('hex') };
}

/** Opens with what the KMS says now: nothing comes from a cache. */
async function open(world: KeyWorld, id: string) {
  world.leasedKeys.clear();
  const request = await resolveRequest(world.store, anAsset({ id }));
  const { dataKey, kekId } = await world.resolveDataKey.run(RECORDER, request, PATIENT);
  return { id, kekId, bytes: Buffer.from(dataKey.copyBytes()).toString('hex') };
}

async function denySealing(t: ExecutionContext, kms: Rotating): Promise<void> {
  if (!kms.denySealing) return;
  kms.denySealing();
  const context = assetContext(anAsset({ id: 'late' }), 1_700_000_000);
  const late = kms.provider.generate(kms.key, context, { timeoutMs: 5_000 });
  await t.throwsAsync(late, { code: 'KEY_PERMISSION_REVOKED' });
}

const wrappedOf = async ({ store }: KeyWorld, id: string) =>
  (await store.findNewestDataKey(anAsset({ id })))?.wrapped ?? new Uint8Array();

for (const [name, start] of Object.entries(KMSS) as [ProviderName, (typeof KMSS)['aws']][]) {
  test(`${name}: after the KMS rotated the key, old data keys open and new ones are made, with nothing to do`, async (t) => {
    const kms = await start(t);
    const world = await worldWith(t, { [name]: kms });
    const kek = await enrol(world, name, kms.key);
    const sealed = [await seal(world, 'before')];
    const keysBefore = await world.store.listKeks('acme');
    for (const id of ['after-the-first-rotation', 'after-the-second']) {
      kms.rotate();
      await world.probe.runOnce();
      sealed.push(await seal(world, id));
      for (const each of sealed) t.deepEqual(await open(world, each.id), each);
    }
    t.true(sealed.every(({ kekId }) => kekId === kek.id));
    if (kms.versionOf) {
      const wrapped = await Promise.all(sealed.map(({ id }) => wrappedOf(world, id)));
      t.is(new Set(wrapped.map(kms.versionOf)).size, 3);
    }
    // The canary too is of before: the key's health was asked with it.
    t.deepEqual(world.observer.revocations, []);
    t.deepEqual(world.observer.background, []);
    t.deepEqual(await world.store.listKeks('acme'), keysBefore);
    t.deepEqual(await world.store.moves.list('acme', 10), []);
  });
}

test('from KMS to KMS: each new key takes over at once, sealing with the old is taken away, and everything opens', async (t) => {
  const kmss = { aws: await aws(t), azure: await azure(t), transit: await transit(t), oci: await oci(t) };
  const world = await worldWith(t, kmss);
  const sealed: Awaited<ReturnType<typeof seal>>[] = [];
  let former: Kek | null = null;
  for (const [name, kms] of Object.entries(kmss) as [ProviderName, Rotating][]) {
    const kek: Kek = await enrol(world, name, kms.key);
    sealed.push(await seal(world, `first-under-${name}`));
    t.is(sealed.at(-1)?.kekId, kek.id);
    if (former) t.is((await world.store.findKek(former.id))?.lifecycle, 'DECRYPT_ONLY');
    kms.rotate();
    sealed.push(await seal(world, `second-under-${name}`));
    await denySealing(t, kms);
    for (const each of sealed) t.deepEqual(await open(world, each.id), each);
    former = kek;
  }
  t.deepEqual(world.observer.revocations, []);
});
