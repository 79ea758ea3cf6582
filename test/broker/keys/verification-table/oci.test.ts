import test, { type ExecutionContext } from 'ava';
import { OciKmsProvider } from '../../../../broker/kms/oci/provider.ts';
import type { KeyShape } from '../../../../sandbox/oci-kms/key-store.ts';
import { HOME, agree, ociConfigFor, startOciWorld, type OciWorld } from '../../../support/oci-kms.ts';
import {
  failedAs,
  passed,
  verifyCandidate,
  type Candidate,
  type Expected,
} from '../../../support/verification-table.ts';

interface World extends OciWorld {
  readonly key: string;
}

interface Row extends Expected {
  readonly spoil?: (world: World) => void | Promise<void>;
  /** What is enrolled in place of the key. */
  readonly enrol?: (world: World) => Partial<Candidate>;
}

const ADMIT_ALL = 'use keys in compartment Keys';

/** What the customer admits the broker to. */
const admit =
  (what: string) =>
  ({ kms, provider, customer }: World): void =>
    kms.putPolicy({
      tenancy: customer.tenancy,
      name: 'cmk',
      statements: [
        `Define tenancy Provider as ${provider.tenancy}`,
        `Define dynamic-group Broker as ${provider.group}`,
        `Admit dynamic-group Broker of tenancy Provider to ${what}`,
      ],
    });
const ofShape =
  (shape: KeyShape) =>
  ({ kms, customer }: World) => ({
    references: [kms.createKey({ vault: customer.vault, shape })] as const,
  });

const ROWS: Readonly<Record<string, Row>> = {
  'the key is disabled': {
    spoil: ({ kms, key }) => kms.disableKey(key),
    step: 'DESCRIBE',
    cause: 'KEY_DISABLED',
    advice: /oci kms management key enable/,
  },
  'its deletion is scheduled': {
    spoil: ({ kms, key }) => kms.scheduleKeyDeletion(key),
    step: 'DESCRIBE',
    cause: 'KEY_PENDING_DELETION',
    advice: /oci kms management key cancel-deletion/,
  },
  'the key is deleted': {
    spoil: ({ kms, key }) => kms.setKeyState(key, 'DELETED'),
    step: 'DESCRIBE',
    cause: 'KEY_NOT_FOUND',
    advice: /Enrol another key/,
    detail: /the key was deleted/,
  },
  'the key is being restored': {
    spoil: ({ kms, key }) => kms.setKeyState(key, 'RESTORING'),
    step: 'DESCRIBE',
    cause: 'UNREACHABLE',
    advice: /restored/,
    detail: /RESTORING/,
  },
  'the customer admits nobody': {
    spoil: ({ kms, customer }) => kms.removePolicy(customer.tenancy, 'cmk'),
    step: 'DESCRIBE',
    cause: 'PERMISSION_REVOKED',
    advice: /KEY_READ for GetKey.*Admit in yours/,
  },
  'the provider does not endorse': {
    spoil: ({ kms, provider }) => kms.removePolicy(provider.tenancy, 'cmk'),
    step: 'DESCRIBE',
    cause: 'PERMISSION_REVOKED',
    advice: /Endorse in the provider’s tenancy/,
  },
  'the verb is inspect': {
    spoil: admit('inspect keys in compartment Keys'),
    step: 'DESCRIBE',
    cause: 'PERMISSION_REVOKED',
    advice: /KEY_READ for GetKey/,
  },
  'the verb is read': {
    spoil: admit('read keys in compartment Keys'),
    step: 'GENERATE',
    cause: 'PERMISSION_REVOKED',
    advice: /KEY_ENCRYPT for GenerateDataEncryptionKey, as “use keys” does/,
  },
  'a condition leaves out KEY_READ': {
    spoil: admit(`${ADMIT_ALL} where request.permission != 'KEY_READ'`),
    step: 'DESCRIBE',
    cause: 'PERMISSION_REVOKED',
    advice: /KEY_READ/,
  },
  'a condition leaves out KEY_ENCRYPT': {
    spoil: admit(`${ADMIT_ALL} where request.permission != 'KEY_ENCRYPT'`),
    step: 'GENERATE',
    cause: 'PERMISSION_REVOKED',
    advice: /KEY_ENCRYPT/,
  },
  'a condition leaves out Encrypt': {
    spoil: admit(`${ADMIT_ALL} where request.operation != 'Encrypt'`),
    step: 'WRAP',
    cause: 'PERMISSION_REVOKED',
    advice: /KEY_ENCRYPT for Encrypt/,
  },
  'a condition leaves out KEY_DECRYPT': {
    spoil: admit(`${ADMIT_ALL} where request.permission != 'KEY_DECRYPT'`),
    step: 'UNWRAP',
    cause: 'PERMISSION_REVOKED',
    advice: /KEY_DECRYPT for Decrypt/,
  },
  'the statement is about another compartment': {
    spoil: admit('use keys in compartment Others'),
    step: 'DESCRIBE',
    cause: 'PERMISSION_REVOKED',
    advice: /both policies/i,
  },
  'the OCID names another region': {
    enrol: ({ key }) => ({ references: [key.replace('.iad.', '.phx.')] }),
    step: 'DESCRIBE',
    cause: 'PERMISSION_REVOKED',
    advice: /check the key’s OCID and its region/,
  },
  'the OCID names another vault': {
    enrol: ({ key }) => ({ references: [key.replace(/\.iad\.[a-z0-9]+\./, '.iad.nosuchvault12.')] }),
    step: 'DESCRIBE',
    cause: 'PERMISSION_REVOKED',
    advice: /check the key’s OCID and its region/,
  },
  'there is no such key': {
    enrol: ({ key }) => ({ references: [key.replace(/.{20}$/, 'a'.repeat(20))] }),
    step: 'DESCRIBE',
    cause: 'PERMISSION_REVOKED',
    advice: /does not tell a key that is not there/,
  },
  'it is an RSA key': {
    enrol: ofShape({ algorithm: 'RSA', lengthBytes: 256 }),
    step: 'KIND',
    cause: 'WRONG_KIND',
    advice: /"algorithm": "AES", "length": 32/,
    detail: /RSA 2048/,
  },
  'it is an ECDSA key': {
    enrol: ofShape({ algorithm: 'ECDSA', lengthBytes: 32 }),
    step: 'KIND',
    cause: 'WRONG_KIND',
    advice: /AES key of 256 bits/,
    detail: /ECDSA 256/,
  },
  'it is an AES key of 128 bits': {
    enrol: ofShape({ algorithm: 'AES', lengthBytes: 16 }),
    step: 'KIND',
    cause: 'WRONG_KIND',
    advice: /AES key of 256 bits/,
    detail: /AES 128/,
  },
  'the replica is another key': {
    enrol: ({ kms, customer, key }) => ({ references: [key, kms.createKey({ vault: customer.vault })] }),
    step: 'UNWRAP',
    on: 'the replica',
    cause: 'CONTEXT_MISMATCH',
    advice: /the same material/,
  },
  'another account has enrolled the key': {
    enrol: ({ key }) => ({ taken: [key] }),
    step: 'NOT_ENROLLED_ELSEWHERE',
    cause: 'CONFLICT',
    advice: /a key for this account alone/,
  },
  'the broker’s signature is unknown': {
    spoil: ({ kms, broker }) => kms.removePrincipal(broker.keyId),
    step: 'DESCRIBE',
    cause: 'AUTH_FAILED',
    advice: /^The operator: check CMK_OCI_AUTH/,
  },
  'the region does not answer': {
    spoil: ({ kms }) => kms.stopRegion(HOME),
    step: 'DESCRIBE',
    cause: 'UNREACHABLE',
    advice: /status page/,
  },
};

async function start(t: ExecutionContext): Promise<World & { oci: OciKmsProvider }> {
  const world = await startOciWorld();
  t.teardown(() => world.kms.close());
  agree(world);
  const key = world.kms.createKey({ vault: world.customer.vault });
  const oci = new OciKmsProvider(ociConfigFor(world.kms), world.broker);
  t.teardown(() => oci.close());
  return { ...world, key, oci };
}

test('OCI: nothing is wrong', async (t) => {
  const { oci, key } = await start(t);
  passed(t, await verifyCandidate('oci', oci, { references: [key] }));
});

for (const [title, { spoil, enrol, ...expected }] of Object.entries(ROWS)) {
  test(`OCI: ${title}`, async (t) => {
    const world = await start(t);
    await spoil?.(world);
    const candidate: Candidate = { references: [world.key], ...enrol?.(world) };
    failedAs(t, await verifyCandidate('oci', world.oci, candidate), candidate, expected);
  });
}
