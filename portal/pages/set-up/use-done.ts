import { useAccount, useContacts, useEnrolments, useKeys } from '../../api/queries.ts';
import { keyInUse } from '../../parts/provider.ts';

/** The steps of the set-up. */
export const STEPS = [
  'provider',
  'policy',
  'key',
  'licences',
  'types',
  'contacts',
  'fallback',
  'summary',
] as const;
export type Step = (typeof STEPS)[number];

/** What is decided already, whoever decided it, wherever one stands. */
export function useDone(account: string): ReadonlySet<Step> {
  const keys = useKeys(account);
  const stored = useAccount(account);
  const types = useEnrolments(account);
  const contacts = useContacts(account);
  const hasKey = keys.data !== undefined && keyInUse(keys.data) !== null;
  const done: readonly (readonly [Step, boolean])[] = [
    ['provider', hasKey],
    ['policy', hasKey],
    ['key', hasKey],
    ['licences', stored.data !== undefined && stored.data.licence !== 'NONE'],
    ['types', (types.data?.length ?? 0) > 0],
    ['contacts', (contacts.data?.emails.length ?? 0) > 0],
  ];
  return new Set(done.filter(([, isDone]) => isDone).map(([step]) => step));
}
