import { createHash, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { newOcid, newRegionalOcid, regionOf } from './ocid.ts';

/** Who signed a request, or on whose behalf the control API acts. */
export interface Principal {
  readonly kind: 'administrator' | 'user' | 'instance';
  readonly tenancy: string;
  readonly ocid: string;
  readonly name: string;
  /** OCIDs of the groups and dynamic groups that it belongs to. */
  readonly groups: readonly string[];
}

export interface Group {
  readonly ocid: string;
  readonly tenancy: string;
  readonly kind: 'group' | 'dynamic-group';
  readonly name: string;
}

/** What {@link Identities.create} needs; in this shape principals also lie in the state file. */
export interface PrincipalSpec {
  readonly tenancy: string;
  /** A user signs with an API key, an instance with the key of a session token. */
  readonly kind: 'user' | 'instance';
  readonly name: string;
  readonly groups: readonly string[];
  /** UNIX milliseconds, of the session token. Default: never. Instances only. */
  readonly expiresAtMs?: number;
}

/** How a principal signs. */
export interface SigningCredentials {
  /** `TENANCY/USER/FINGERPRINT`, or `ST$` and the session token. */
  readonly keyId: string;
  /** PEM. */
  readonly privateKey: string;
}

export interface Credentialed {
  readonly principal: Principal;
  readonly publicKey: KeyObject;
  readonly expiresAtMs: number;
}

interface Entry extends Credentialed {
  readonly spec: PrincipalSpec;
  readonly credentials: SigningCredentials;
}

/** Tenancies' groups, users and instances, by the key that they sign with. */
export class Identities {
  readonly #byKeyId = new Map<string, Entry>();
  readonly #groups = new Map<string, Group>();

  create(
    spec: PrincipalSpec,
    known: { ocid: string; credentials: SigningCredentials } = newIdentity(spec),
  ): Entry {
    const { tenancy, kind, name, groups } = spec;
    for (const group of groups)
      if (!this.#groups.has(group)) throw new Error(`groups: ${group} does not exist`);
    const { ocid, credentials } = known;
    const entry: Entry = {
      principal: { kind, tenancy, ocid, name, groups },
      publicKey: createPublicKey(credentials.privateKey),
      expiresAtMs: spec.expiresAtMs ?? Infinity,
      spec,
      credentials,
    };
    this.#byKeyId.set(credentials.keyId, entry);
    return entry;
  }

  addGroup(group: Omit<Group, 'ocid'> & { ocid?: string }): Group {
    const { ocid = newOcid(group.kind === 'group' ? 'group' : 'dynamicgroup') } = group;
    const added = { ...group, ocid };
    this.#groups.set(ocid, added);
    return added;
  }

  find(keyId: string): Credentialed | undefined {
    return this.#byKeyId.get(keyId);
  }

  remove(keyId: string): void {
    this.#byKeyId.delete(keyId);
  }

  /** The principal's groups. */
  groupsOf(principal: Principal): Group[] {
    return principal.groups.flatMap((ocid) => this.#groups.get(ocid) ?? []);
  }

  groups(): Group[] {
    return [...this.#groups.values()];
  }

  entries(): { spec: PrincipalSpec; ocid: string; credentials: SigningCredentials }[] {
    return [...this.#byKeyId.values()].map(({ spec, principal, credentials }) => ({
      spec,
      ocid: principal.ocid,
      credentials,
    }));
  }
}

/** What the customer's administrators act as in the control API: allowed everything in their tenancy. */
export function administratorOf(tenancy: string): Principal {
  return { kind: 'administrator', tenancy, ocid: tenancy, name: 'administrator', groups: [] };
}

function newIdentity(spec: PrincipalSpec): { ocid: string; credentials: SigningCredentials } {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  if (spec.kind === 'user') {
    const ocid = newOcid('user');
    return {
      ocid,
      credentials: { keyId: `${spec.tenancy}/${ocid}/${fingerprint(publicKey)}`, privateKey: pem },
    };
  }
  const ocid = newRegionalOcid('instance', regionOf('us-ashburn-1'), []);
  return { ocid, credentials: { keyId: `ST$${sessionToken(spec, ocid)}`, privateKey: pem } };
}

/** In the form of a JWT, because the SDK reads its expiry; nobody checks its signature. */
function sessionToken({ tenancy, expiresAtMs }: PrincipalSpec, ocid: string): string {
  const exp = Math.floor((expiresAtMs ?? Date.now() + 86_400_000 * 365) / 1_000);
  const claims = { sub: ocid, opc_tenant: tenancy, ptype: 'instance', exp };
  const parts = [{ alg: 'RS256', typ: 'JWT' }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  return [...parts, createHash('sha256').update(ocid).digest('base64url')].join('.');
}

/** MD5 of the public key, as OCI shows it. */
function fingerprint(publicKey: KeyObject): string {
  const digest = createHash('md5')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex');
  return digest.match(/../g)?.join(':') ?? '';
}
