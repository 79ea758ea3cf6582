import { CmkError } from '../../core/errors.ts';
import type { AwsSetUpFacts } from './aws/set-up.ts';
import type { AzureSetUpFacts } from './azure/set-up.ts';
import type { OciSetUpFacts } from './oci/set-up.ts';
import type { Pkcs11SetUpFacts } from './pkcs11/set-up.ts';
import type { TransitSetUpFacts } from './transit/set-up.ts';

/** Something to paste or to run before a customer's key can be enrolled. */
export interface SetUpDocument {
  readonly title: string;
  readonly who: 'CUSTOMER' | 'PROVIDER';
  readonly language: 'json' | 'sh' | 'hcl' | 'text';
  readonly text: string;
  /** What must be known or done beside it. */
  readonly note?: string;
}

/** What is known of a customer's key, or of where it is to be made; typed by people. */
export type SetUpFacts =
  | ({ readonly provider: 'aws' } & AwsSetUpFacts)
  | ({ readonly provider: 'azure' } & AzureSetUpFacts)
  | ({ readonly provider: 'oci' } & OciSetUpFacts)
  | ({ readonly provider: 'transit' } & TransitSetUpFacts)
  | ({ readonly provider: 'pkcs11' } & Pkcs11SetUpFacts);

/**
 * What has to be pasted or run for a key, in the order to do it. What the operator has not set shows as a placeholder,
 * with a note. Does nothing by itself.
 * @param account as the provider knows the customer
 * @throws CmkError INVALID_ARGUMENT that names the fact
 */
export type KeySetUp = (account: string, facts: SetUpFacts) => readonly SetUpDocument[];

/** What stands in place of a setting that the operator has not made: nobody's KMS accepts it. */
export function ours(value: string | null, setting: string): string {
  return value ?? `<${setting}>`;
}

/** Says in a document's note which settings its placeholders stand for. */
export function withPlaceholderNote(document: SetUpDocument): SetUpDocument {
  const settings = [...new Set([...document.text.matchAll(/<(CMK_[A-Z0-9_]+)>/g)].map(([, name]) => name))];
  if (settings.length === 0) return document;
  const missing = `The operator must set ${settings.join(', ')}, for which a placeholder stands here.`;
  return { ...document, note: document.note === undefined ? missing : `${missing} ${document.note}` };
}

/** @throws CmkError INVALID_ARGUMENT when a fact is not what the pattern says */
export function checkFact(field: string, value: string, pattern: RegExp, expected: string): string {
  if (pattern.test(value)) return value;
  throw badFact(field, expected, value);
}

export function badFact(field: string, expected: string, actual: string): CmkError {
  const got = actual === '' ? 'nothing' : JSON.stringify(actual.slice(0, 80));
  return new CmkError('INVALID_ARGUMENT', `${field}: expected ${expected}, got ${got}`, {
    metadata: { field },
  });
}
