import { associatedDataPrefix } from '../../../../broker/kms/transit/policy.ts';
import { startTransit, type Transit } from '../../../../sandbox/transit/emulator.ts';
import type { FaultEffect } from '../../../../sandbox/transit/faults.ts';
import { testKmsProvider, type KmsFault, type KmsHarness } from '../../../contracts/kms.ts';
import {
  BROKER_ROLE,
  BROKER_SUBJECT,
  kubernetesLogin,
  policyForMount,
  providerFor,
  tokenFile,
} from '../../../support/transit.ts';

const EFFECTS: Readonly<Record<Exclude<KmsFault, 'refused connection'>, FaultEffect>> = {
  'delay beyond the deadline': { kind: 'latency', ms: 2_000 },
  throttled: { kind: 'throttle' },
  'throttled with Retry-After': { kind: 'throttle', retryAfterSeconds: 7 },
  'internal error': { kind: 'error', type: 'internal-error' },
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

testKmsProvider('transit', start, {
  column: 'Vault transit',
  cannotHappen: { 'key pending deletion': 'deleted-is-disabled' },
});

async function start(): Promise<KmsHarness> {
  const transit = await startTransit();
  transit.putRole('kubernetes', 'cmk-broker', BROKER_ROLE);
  transit.putPolicy('cmk', policyForMount('transit'));
  const key = transit.createKey('recordings');
  return {
    provider: providerFor(transit, kubernetesLogin(tokenFile(transit.issueJwt({ sub: BROKER_SUBJECT })))),
    stranger: providerFor(
      transit,
      kubernetesLogin(tokenFile(transit.issueForgedJwt({ sub: BROKER_SUBJECT }))),
    ),
    key,
    otherKey: transit.createKey('voicemails', { type: 'chacha20-poly1305' }),
    replica: null,
    missingKey: transit.keyUrl('transit', 'missing'),
    wrongKind: transit.createKey('signatures', { type: 'ed25519' }),
    malformed: {
      nothing: '',
      'a name alone': 'recordings',
      'the encryption endpoint': key.replace('/keys/', '/encrypt/'),
      'another server': key.replace('127.0.0.1', '127.0.0.2'),
    },
    makesDataKeys: false,
    deniesByContext: true,
    disable: (reference) => transit.softDeleteKey(reference),
    enable: (reference) => transit.restoreKey(reference),
    scheduleDeletion: null,
    rotate: (reference) => transit.rotateKey(reference),
    revoke(_reference, denied) {
      if (denied === 'everything') transit.removePolicy('cmk');
      else transit.putPolicy('cmk', denied === null ? policyForMount('transit') : denying(denied));
    },
    breakWith: (fault) => breakWith(transit, fault),
    // An answer names no key. What was wrapped under the wrong one fails to unwrap.
    blindTo: { 'answer for another key': ['generate', 'wrap'] },
    connections: () => transit.connections(),
    close: () => transit.close(),
  };
}

function denying({ contextKey, value }: { contextKey: string; value: string }): string {
  if (contextKey !== 'id') throw new Error(`no policy can deny by ${contextKey} alone`);
  const prefix = associatedDataPrefix({ acct: 'acme', id: value });
  return policyForMount('transit', `denied_parameters = { "associated_data" = ["${prefix}*"] }`);
}

async function breakWith(transit: Transit, fault: KmsFault): Promise<() => Promise<void>> {
  if (fault === 'refused connection') {
    await transit.stop();
    return () => transit.start();
  }
  const remove = transit.faults.add({ effect: EFFECTS[fault] });
  return () => {
    remove();
    return Promise.resolve();
  };
}
