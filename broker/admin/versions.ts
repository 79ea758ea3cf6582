import type { FastifyReply } from 'fastify';
import { etagOf, parseIfMatch } from '../model/etags.ts';
import type { TypeLease } from '../model/leases.ts';
import type { Account, FallbackPolicy, Group } from '../model/types.ts';
import type { Precondition, Versioned } from '../store/store.ts';

/** The versions of what operators read and write: ETag in answers, If-Match in requests. */

export function accountTag({ version, value: { name, licence } }: Versioned<Account>): string {
  return etagOf(version, { name, licence });
}

export function groupTag({ version, value: { name, licensed, members } }: Versioned<Group>): string {
  return etagOf(version, { name, licensed, members });
}

export function fallbackTag({ version, value }: Versioned<FallbackPolicy>): string {
  const { mode, maxHours, maxAssets } = value;
  return etagOf(version, { mode, maxHours, maxAssets });
}

export function leaseTag({ version, value: { seconds } }: Versioned<TypeLease>): string {
  return etagOf(version, { seconds });
}

export function contactsTag({ version, value: emails }: Versioned<readonly string[]>): string {
  return etagOf(version, { emails });
}

export function referencesTag({ version, value: references }: Versioned<readonly string[]>): string {
  return etagOf(version, { references });
}

/** What an If-Match header demands; undefined: nothing. @throws CmkError INVALID_ARGUMENT */
export function precondition<T>(
  ifMatch: string | undefined,
  what: string,
  tagOf: (stored: T) => string,
): Precondition<T> | undefined {
  const matches = parseIfMatch(ifMatch);
  return matches ? (stored) => matches(what, stored && tagOf(stored)) : undefined;
}

export function accountPrecondition(
  ifMatch: string | undefined,
): Precondition<Versioned<Account>> | undefined {
  return precondition(ifMatch, 'the account', accountTag);
}

export function groupPrecondition(ifMatch: string | undefined): Precondition<Versioned<Group>> | undefined {
  return precondition(ifMatch, 'the group', groupTag);
}

/** Sends what is stored, with its tag. */
export function sendTagged<T>(reply: FastifyReply, stored: Versioned<T>, tag: string): FastifyReply {
  return reply.header('etag', tag).send(stored.value);
}
