import type { KMSClient } from '@aws-sdk/client-kms';
import { AssumeRoleCommand, type Credentials } from '@aws-sdk/client-sts';
import { LRUCache } from 'lru-cache';
import { CmkError } from '../../../core/errors.ts';
import { SingleFlight } from '../../../runtime/single-flight.ts';
import type { AssumedRole } from '../../model/types.ts';
import { withDeadline } from '../deadline.ts';
import { KmsError, type KmsCall } from '../provider.ts';
import type { AwsClients } from './client.ts';
import { toAssumeRoleError } from './role-errors.ts';

const SESSION_NAME = 'cmk';
/** The least that STS gives: a trust policy that no longer lets the broker in has its effect when the session ends. */
const SESSION_MS = 900_000;
const RENEW_AFTER_MS = SESSION_MS - 300_000;
/** A little before the end, so that no call begins with a session that ends under way. */
const GIVE_UP_AFTER_MS = SESSION_MS - 30_000;
/** Between attempts to renew a session that is still good. */
const RENEWAL_PAUSE_MS = 10_000;
const ASSUME_TIMEOUT_MS = 5_000;
/** Customers' roles, times regions. A session's client is small, and made anew in a moment. */
const MAX_SESSIONS = 1_024;

type Session = Readonly<{ client: KMSClient; endsAtMs: number }> & { renewAtMs: number };

/**
 * Sessions of the roles through which customers let the broker reach their keys, one for each role and region: what
 * a region's STS gives serves that region alone, so that no region depends on another.
 */
export class RoleSessions {
  readonly #clients: AwsClients;
  readonly #nowMs: () => number;
  readonly #sessions = new LRUCache<string, Session>({ max: MAX_SESSIONS });
  readonly #flights = new SingleFlight<Session>();

  /** @param nowMs monotonic: how the wall clocks stand, here and at AWS, does not matter */
  constructor(clients: AwsClients, nowMs: () => number) {
    this.#clients = clients;
    this.#nowMs = nowMs;
  }

  /**
   * A client that acts as the role.
   * @throws KmsError PERMISSION_REVOKED when the role does not let the broker in, AUTH_FAILED, THROTTLED, UNREACHABLE,
   *   ACCOUNT_ISSUE, INVALID_RESPONSE
   */
  async client(role: AssumedRole, region: string): Promise<KMSClient> {
    const key = keyOf(role, region);
    const held = this.#sessions.get(key);
    const nowMs = this.#nowMs();
    const start = () => this.#flights.run(key, () => this.#start(role, region));
    if (!held || nowMs >= held.endsAtMs) return (await start()).client;
    if (nowMs >= held.renewAtMs) {
      // In the background: the session at hand is still good, unless the customer has decided otherwise.
      held.renewAtMs = nowMs + RENEWAL_PAUSE_MS;
      start().catch((error: unknown) => {
        if (error instanceof KmsError && error.customerDecision) this.#sessions.delete(key);
      });
    }
    return held.client;
  }

  /** The KMS did not accept the session: the next call asks for another. */
  drop(role: AssumedRole, region: string): void {
    this.#sessions.delete(keyOf(role, region));
  }

  /**
   * Proves that the role lets the broker in with its external id alone: not without one, nor with another.
   * @throws KmsError as {@link client}; CmkError INVALID_ARGUMENT when it lets in whoever knows its name
   */
  async check(role: AssumedRole, region: string, call: KmsCall): Promise<void> {
    const work = async () => {
      // First, because only then the refusals are for the external id's sake.
      await this.#start(role, region);
      await this.#mustBeRefused(role.arn, null, region);
      await this.#mustBeRefused(role.arn, another(role.externalId), region);
    };
    await withDeadline(call, work, () => undefined);
  }

  clear(): void {
    this.#sessions.clear();
  }

  async #start(role: AssumedRole, region: string): Promise<Session> {
    const askedAtMs = this.#nowMs();
    const credentials = await this.#assume(role.arn, role.externalId, region);
    const session: Session = {
      client: this.#clients.forSession(region, credentials),
      renewAtMs: askedAtMs + RENEW_AFTER_MS,
      endsAtMs: askedAtMs + GIVE_UP_AFTER_MS,
    };
    this.#sessions.set(keyOf(role, region), session);
    return session;
  }

  async #mustBeRefused(arn: string, externalId: string | null, region: string): Promise<void> {
    try {
      await this.#assume(arn, externalId, region);
    } catch (error) {
      if (error instanceof KmsError && error.kmsCause === 'PERMISSION_REVOKED') return;
      throw error;
    }
    const got = externalId === null ? 'without one' : 'with another one';
    throw new CmkError(
      'INVALID_ARGUMENT',
      `role: expected a trust policy that requires sts:ExternalId to equal this account’s external id, but the role can be assumed ${got}`,
      { metadata: { field: 'role' } },
    );
  }

  async #assume(arn: string, externalId: string | null, region: string): Promise<SessionCredentials> {
    const command = new AssumeRoleCommand({
      RoleArn: arn,
      RoleSessionName: SESSION_NAME,
      DurationSeconds: SESSION_MS / 1_000,
      ...(externalId === null ? {} : { ExternalId: externalId }),
    });
    try {
      const { Credentials: given } = await withDeadline(
        { timeoutMs: ASSUME_TIMEOUT_MS },
        (abortSignal) => this.#clients.sts(region).send(command, { abortSignal }),
        () => undefined,
      );
      return checked(given);
    } catch (error) {
      throw toAssumeRoleError(error);
    }
  }
}

export interface SessionCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

function checked(given: Credentials | undefined): SessionCredentials {
  const {
    AccessKeyId: accessKeyId,
    SecretAccessKey: secretAccessKey,
    SessionToken: sessionToken,
  } = given ?? {};
  if (accessKeyId && secretAccessKey && sessionToken) return { accessKeyId, secretAccessKey, sessionToken };
  throw new KmsError('INVALID_RESPONSE', 'expected credentials of a session, got none');
}

function keyOf({ arn, externalId }: AssumedRole, region: string): string {
  return `${arn} ${externalId} ${region}`;
}

/** As long, with the same beginning: a pattern in place of the id would let it in. */
function another(externalId: string): string {
  return externalId.slice(0, -1) + (externalId.endsWith('0') ? '1' : '0');
}
