import test, { type ExecutionContext } from 'ava';
import { transitPolicy } from '../../../../broker/kms/transit/policy.ts';
import type { TransitProvider } from '../../../../broker/kms/transit/provider.ts';
import { startTransit, type NewKey, type Transit } from '../../../../sandbox/transit/emulator.ts';
import {
  BROKER_ROLE,
  BROKER_SUBJECT,
  kubernetesLogin,
  policyForMount,
  providerFor,
  tokenFile,
} from '../../../support/transit.ts';
import {
  failedAs,
  passed,
  verifyCandidate,
  type Candidate,
  type Expected,
} from '../../../support/verification-table.ts';

/** The policy of docs/kms/transit.md. */
const POLICY = transitPolicy({ mount: 'transit', name: 'recordings', account: 'acme' });

interface World {
  readonly transit: Transit;
  readonly key: string;
}

interface Row extends Expected {
  readonly spoil?: (world: World) => void | Promise<void>;
  /** What is enrolled in place of the key. */
  readonly enrol?: (world: World) => Partial<Candidate>;
}

const without = (path: string) => (world: World) =>
  world.transit.putPolicy('cmk', POLICY.replace(`"transit/${path}/recordings"`, '"nowhere"'));
const otherKey =
  (spec: NewKey) =>
  ({ transit }: World) => {
    transit.putPolicy('cmk', policyForMount('transit'));
    return { references: [transit.createKey('other', spec)] as const };
  };

const ROWS: Readonly<Record<string, Row>> = {
  'the key is soft-deleted': {
    spoil: ({ transit, key }) => transit.softDeleteKey(key),
    step: 'DESCRIBE',
    cause: 'KEY_DISABLED',
    advice: /Restore the soft-deleted key/,
    detail: /soft-deleted/,
  },
  'there is no such key': {
    spoil({ transit }) {
      transit.putPolicy('cmk', policyForMount('transit'));
    },
    enrol: ({ transit }) => ({ references: [transit.keyUrl('transit', 'missing')] }),
    step: 'DESCRIBE',
    cause: 'KEY_NOT_FOUND',
    advice: /vault read transit\/keys\/KEY/,
  },
  'the secrets engine is disabled': {
    spoil: ({ transit }) => transit.disableMount('transit'),
    step: 'DESCRIBE',
    cause: 'KEY_NOT_FOUND',
    advice: /vault secrets enable transit/,
  },
  'there is no policy': {
    spoil: ({ transit }) => transit.removePolicy('cmk'),
    step: 'DESCRIBE',
    cause: 'PERMISSION_REVOKED',
    advice: /path "transit\/keys\/KEY" capabilities = \["read"\]/,
  },
  'the policy lacks reading the key': {
    spoil: without('keys'),
    step: 'DESCRIBE',
    cause: 'PERMISSION_REVOKED',
    advice: /path "transit\/keys\/KEY" capabilities = \["read"\]/,
  },
  'the policy lacks encrypting': {
    spoil: without('encrypt'),
    step: 'GENERATE',
    cause: 'PERMISSION_REVOKED',
    advice: /path "transit\/encrypt\/KEY" capabilities = \["update"\]/,
  },
  'the policy lacks decrypting': {
    spoil: without('decrypt'),
    step: 'UNWRAP',
    cause: 'PERMISSION_REVOKED',
    advice: /path "transit\/decrypt\/KEY" capabilities = \["update"\]/,
  },
  'the policy names another account of ours': {
    spoil({ transit }) {
      transit.putPolicy('cmk', transitPolicy({ mount: 'transit', name: 'recordings', account: 'globex' }));
    },
    step: 'GENERATE',
    cause: 'PERMISSION_REVOKED',
    advice: /associated_data, the prefix must be the one of this very account/,
  },
  'another account has enrolled the key': {
    enrol: ({ key }) => ({ taken: [key] }),
    step: 'NOT_ENROLLED_ELSEWHERE',
    cause: 'CONFLICT',
    advice: /a key for this account alone/,
  },
  'it is an RSA key': {
    enrol: otherKey({ type: 'rsa-4096' }),
    step: 'KIND',
    cause: 'WRONG_KIND',
    advice: /type=aes256-gcm96/,
    detail: /rsa-4096/,
  },
  'it is a signing key': {
    enrol: otherKey({ type: 'ed25519' }),
    step: 'KIND',
    cause: 'WRONG_KIND',
    advice: /type=aes256-gcm96/,
    detail: /ed25519/,
  },
  'it is too short': {
    enrol: otherKey({ type: 'aes128-gcm96' }),
    step: 'KIND',
    cause: 'WRONG_KIND',
    advice: /type=aes256-gcm96/,
    detail: /aes128-gcm96/,
  },
  'it is a derived key': {
    enrol: otherKey({ derived: true }),
    step: 'KIND',
    cause: 'WRONG_KIND',
    advice: /derived=false/,
    detail: /derived/,
  },
  'its deletion is allowed': {
    spoil: ({ transit, key }) => transit.allowDeletion(key, true),
    step: 'DELETION_PROTECTION',
    cause: 'NOT_PROTECTED',
    advice: /deletion_allowed=false/,
  },
  'the replica is another key': {
    enrol({ transit, key }) {
      transit.putPolicy('cmk', policyForMount('transit'));
      return { references: [key, transit.createKey('other')] };
    },
    step: 'UNWRAP',
    on: 'the replica',
    cause: 'CONTEXT_MISMATCH',
    advice: /the same key on another server/,
  },
  'the server is sealed': {
    spoil: ({ transit }) => transit.seal(),
    step: 'DESCRIBE',
    cause: 'UNREACHABLE',
    advice: /vault operator unseal/,
    detail: /sealed/,
  },
  'the role does not know the broker': {
    spoil: ({ transit }) =>
      transit.putRole('kubernetes', 'cmk-broker', { ...BROKER_ROLE, subject: 'another' }),
    step: 'DESCRIBE',
    cause: 'AUTH_FAILED',
    advice: /vault write auth\/kubernetes\/role/,
  },
  'a quota limits the rate': {
    spoil({ transit }) {
      transit.faults.add({ effect: { kind: 'throttle' } });
    },
    step: 'DESCRIBE',
    cause: 'THROTTLED',
    advice: /sys\/quotas\/rate-limit/,
  },
  'the server does not answer': {
    spoil: ({ transit }) => transit.stop(),
    step: 'DESCRIBE',
    cause: 'UNREACHABLE',
    advice: /vault status/,
  },
};

async function start(t: ExecutionContext): Promise<World & { provider: TransitProvider }> {
  const transit = await startTransit();
  t.teardown(() => transit.close());
  transit.putRole('kubernetes', 'cmk-broker', BROKER_ROLE);
  transit.putPolicy('cmk', POLICY);
  const login = kubernetesLogin(tokenFile(transit.issueJwt({ sub: BROKER_SUBJECT })));
  const provider = providerFor(transit, login);
  t.teardown(() => provider.close());
  return { transit, key: transit.createKey('recordings'), provider };
}

test('transit: nothing is wrong', async (t) => {
  const { provider, key } = await start(t);
  passed(t, await verifyCandidate('transit', provider, { references: [key] }));
});

for (const [title, { spoil, enrol, ...expected }] of Object.entries(ROWS)) {
  test(`transit: ${title}`, async (t) => {
    const world = await start(t);
    await spoil?.(world);
    const candidate: Candidate = { references: [world.key], ...enrol?.(world) };
    failedAs(t, await verifyCandidate('transit', world.provider, candidate), candidate, expected);
  });
}
