import { OciKmsProvider } from '../../../../broker/kms/oci/provider.ts';
import type { OciKms } from '../../../../sandbox/oci-kms/emulator.ts';
import type { FaultEffect } from '../../../../sandbox/oci-kms/faults.ts';
import { testKmsProvider, type KmsFault, type KmsHarness } from '../../../contracts/kms.ts';
import { HOME, agree, ociConfigFor, startOciWorld } from '../../../support/oci-kms.ts';

const EFFECTS: Readonly<Record<Exclude<KmsFault, 'refused connection'>, FaultEffect>> = {
  'delay beyond the deadline': { kind: 'latency', ms: 2_000 },
  throttled: { kind: 'throttle' },
  'throttled with Retry-After': { kind: 'throttle', retryAfterSeconds: 7 },
  'internal error': { kind: 'error', type: 'InternalServerError' },
  'bad gateway': { kind: 'malformed', what: 'bare-502' },
  silence: { kind: 'silence' },
  reset: { kind: 'reset', at: 'start' },
  'reset in the answer': { kind: 'reset', at: 'mid-body' },
  'garbled answer': { kind: 'malformed', what: 'not-json' },
  'empty answer': { kind: 'malformed', what: 'empty-body' },
  'answer for another key': { kind: 'malformed', what: 'other-key' },
  'short data key': { kind: 'malformed', what: 'short-plaintext' },
  'no wrapped key': { kind: 'malformed', what: 'no-ciphertext' },
  'clock skew': { kind: 'clock-skew', ms: 2 * 3_600_000 },
};

testKmsProvider('oci', start, {
  column: 'OCI Vault',
  cannotHappen: { 'permission taken away for one context': 'unseen-context' },
  notes: { 'missing key': 'missing-or-denied' },
});

async function start(): Promise<KmsHarness> {
  const world = await startOciWorld();
  const { kms, broker, customer } = world;
  agree(world);
  const { vault } = customer;
  const key = kms.createKey({ vault });
  const config = ociConfigFor(kms);
  const unknown = broker.keyId.replace(/^ST\$./, 'ST$x');
  return {
    provider: new OciKmsProvider(config, broker),
    stranger: new OciKmsProvider(config, { ...broker, keyId: unknown }),
    key,
    otherKey: kms.createKey({ vault }),
    replica: null,
    missingKey: key.replace(/.{20}$/, 'a'.repeat(20)),
    missingKeyCause: 'PERMISSION_REVOKED',
    wrongKind: kms.createKey({ vault, shape: { algorithm: 'RSA', lengthBytes: 256 } }),
    malformed: {
      nothing: '',
      'the vault': vault,
      'a URL': `https://${key.split('.')[4] ?? ''}-crypto.kms.us-ashburn-1.oraclecloud.com`,
    },
    disable: (reference) => kms.disableKey(reference),
    enable: (reference) => kms.enableKey(reference),
    scheduleDeletion: (reference) => kms.scheduleKeyDeletion(reference),
    makesDataKeys: true,
    deniesByContext: false,
    revoke: (reference, denied) => agree(world, { except: denied === null ? [] : [reference] }),
    rotate: (reference) => kms.rotateKey(reference),
    breakWith: (fault) => breakWith(kms, fault),
    // GeneratedKey names no key.
    blindTo: { 'answer for another key': ['generate'] },
    connections: () => kms.connections(HOME),
    close: () => kms.close(),
  };
}

async function breakWith(kms: OciKms, fault: KmsFault): Promise<() => Promise<void>> {
  if (fault === 'refused connection') {
    await kms.stopRegion(HOME);
    return () => kms.startRegion(HOME);
  }
  const remove = kms.faults.add({ effect: EFFECTS[fault] });
  return () => {
    remove();
    return Promise.resolve();
  };
}
