import { createHash, randomBytes } from 'node:crypto';
import { ACCOUNT_PATTERN } from './arn.ts';
import { parsePolicy, type Policy } from './policy-document.ts';

/** Who signed a request, or on whose behalf the control API acts. */
export interface Principal {
  readonly kind: 'root' | 'user' | 'role';
  readonly account: string;
  /** What policies name: `arn:aws:iam::ACCOUNT:root|user/NAME|role/NAME`. */
  readonly arn: string;
  /** What the log names; differs from `arn` for a role: `arn:aws:sts::ACCOUNT:assumed-role/NAME/SESSION`. */
  readonly sessionArn: string;
  /** `AIDA…`, or `AROA…:SESSION`, or the account. */
  readonly id: string;
  /** Absent for root, which needs none. */
  readonly identityPolicy: Policy | null;
}

export interface AccessKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Roles have one, users have none. */
  readonly sessionToken?: string;
  /** UNIX milliseconds; roles only. */
  readonly expiresAtMs?: number;
}

/** What {@link Principals.create} needs; in this shape principals also lie in the state file. */
export interface PrincipalSpec {
  readonly account: string;
  readonly kind: 'user' | 'role';
  readonly name: string;
  /** The IAM policy of this identity. Default: every KMS action on every key, and every role. */
  readonly identityPolicy?: object;
  /** Who may assume it; default: nobody, beside whoever holds the access key. Roles only. */
  readonly trustPolicy?: object;
  /** UNIX milliseconds; default: never. Roles only. */
  readonly expiresAtMs?: number;
  /** Names the session of somebody who assumed the role. */
  readonly sessionName?: string;
}

export interface Credentialed {
  readonly principal: Principal;
  readonly accessKey: AccessKey;
}

/** A role that can be assumed. */
export interface TrustingRole {
  readonly spec: PrincipalSpec;
  readonly trustPolicy: Policy;
}

const EVERYTHING = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: ['kms:*', 'sts:AssumeRole'], Resource: '*' }],
};

interface Entry extends Credentialed {
  readonly spec: PrincipalSpec;
  readonly trustPolicy: Policy | null;
}

/** For so long a session that has expired is told from one that never was. */
const FORGOTTEN_AFTER_MS = 3_600_000;

/** The IAM identities that the emulator knows, by access key. */
export class Principals {
  readonly #byAccessKeyId = new Map<string, Entry>();

  create(spec: PrincipalSpec, accessKey: AccessKey = newAccessKey(spec)): Credentialed {
    if (!ACCOUNT_PATTERN.test(spec.account))
      throw new Error(`account: expected 12 digits, got ${spec.account}`);
    if (!/^[\w+=,.@-]{1,64}$/.test(spec.name)) throw new Error(`name: not an IAM name: ${spec.name}`);
    if (spec.trustPolicy !== undefined && spec.kind !== 'role')
      throw new Error(`trustPolicy: expected a role, got a ${spec.kind}`);
    const trustPolicy = spec.trustPolicy ? parsePolicy(JSON.stringify(spec.trustPolicy), 'trust') : null;
    const entry = { principal: toPrincipal(spec, accessKey), accessKey, spec, trustPolicy };
    this.#byAccessKeyId.set(accessKey.accessKeyId, entry);
    return entry;
  }

  find(accessKeyId: string): Credentialed | undefined {
    return this.#byAccessKeyId.get(accessKeyId);
  }

  /** Removes an access key; with that of a role which can be assumed, the role and all of its sessions. */
  remove(accessKeyId: string): void {
    const entry = this.#byAccessKeyId.get(accessKeyId);
    this.#byAccessKeyId.delete(accessKeyId);
    if (entry?.trustPolicy) this.#removeSessions(({ principal }) => principal.arn === entry.principal.arn);
  }

  findRole(arn: string): TrustingRole | undefined {
    for (const { principal, spec, trustPolicy } of this.#byAccessKeyId.values()) {
      if (trustPolicy && principal.arn === arn) return { spec, trustPolicy };
    }
    return undefined;
  }

  /** As `UpdateAssumeRolePolicy`: sessions go on. */
  putTrustPolicy(arn: string, trustPolicy: object): void {
    const entry = [...this.#byAccessKeyId.values()].find(
      (each) => each.trustPolicy && each.principal.arn === arn,
    );
    if (!entry) throw new Error(`no role that can be assumed: ${arn}`);
    this.create({ ...entry.spec, trustPolicy }, entry.accessKey);
  }

  /** As when their time is over. */
  expireSessions(arn: string): void {
    for (const { principal, spec, accessKey } of this.#byAccessKeyId.values()) {
      if (spec.sessionName === undefined || principal.arn !== arn) continue;
      this.create(spec, { ...accessKey, expiresAtMs: 0 });
    }
  }

  /** A session of a role; those that have expired are forgotten. */
  startSession(
    { spec }: TrustingRole,
    session: { name: string; nowMs: number; expiresAtMs: number },
  ): Credentialed {
    const { name: sessionName, nowMs, expiresAtMs } = session;
    this.#removeSessions(
      ({ accessKey }) => (accessKey.expiresAtMs ?? Infinity) <= nowMs - FORGOTTEN_AFTER_MS,
    );
    const { trustPolicy: _trustPolicy, ...role } = spec;
    return this.create({ ...role, sessionName, expiresAtMs });
  }

  #removeSessions(where: (entry: Entry) => boolean): void {
    for (const [accessKeyId, entry] of this.#byAccessKeyId) {
      if (entry.spec.sessionName !== undefined && where(entry)) this.#byAccessKeyId.delete(accessKeyId);
    }
  }

  entries(): { spec: PrincipalSpec; accessKey: AccessKey }[] {
    return [...this.#byAccessKeyId.values()].map(({ spec, accessKey }) => ({ spec, accessKey }));
  }
}

/** The account itself: what the customer's administrators act as in the control API. */
export function rootOf(account: string): Principal {
  const arn = `arn:aws:iam::${account}:root`;
  return { kind: 'root', account, arn, sessionArn: arn, id: account, identityPolicy: null };
}

function toPrincipal(spec: PrincipalSpec, accessKey: AccessKey): Principal {
  const { account, kind, name, sessionName = 'session' } = spec;
  const arn = `arn:aws:iam::${account}:${kind}/${name}`;
  return {
    kind,
    account,
    arn,
    sessionArn:
      kind === 'user'
        ? `arn:aws:iam::${account}:user/${name}`
        : `arn:aws:sts::${account}:assumed-role/${name}/${sessionName}`,
    id: kind === 'user' ? `AIDA${accessKey.accessKeyId.slice(4)}` : `AROA${idOf(arn)}:${sessionName}`,
    identityPolicy: parsePolicy(JSON.stringify(spec.identityPolicy ?? EVERYTHING), 'identity'),
  };
}

function newAccessKey(spec: PrincipalSpec): AccessKey {
  const id = base32(randomBytes(16)).slice(0, 16);
  const secretAccessKey = randomBytes(30).toString('base64');
  if (spec.kind === 'user') return { accessKeyId: `AKIA${id}`, secretAccessKey };
  return {
    accessKeyId: `ASIA${id}`,
    secretAccessKey,
    sessionToken: randomBytes(96).toString('base64'),
    ...(spec.expiresAtMs === undefined ? {} : { expiresAtMs: spec.expiresAtMs }),
  };
}

/** The same for all sessions of a role. */
function idOf(arn: string): string {
  return base32(createHash('sha256').update(arn).digest()).slice(0, 17);
}

function base32(bytes: Buffer): string {
  return [...bytes].map((byte) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.charAt(byte & 31)).join('');
}
