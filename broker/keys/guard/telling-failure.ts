import { KmsError } from '../../kms/provider.ts';

/** What one key or replica failed with. */
export interface ReferenceFailure {
  readonly error: KmsError;
  /** It has not worked for so long that nobody waits for it. */
  readonly isGone: boolean;
}

/**
 * What a whole operation failed with. It is the customer's decision when they refused every reference that is not gone
 * for long; as long as one of them may come back, it is that one's outage, and a key in that state is not taken away.
 * @param failures in the order in which they were asked
 * @param count of references, also of those that were not asked for want of time
 */
export function tellingFailure(failures: readonly ReferenceFailure[], count: number): KmsError {
  const refused = failures.filter(({ error }) => error.customerDecision);
  const others = failures.filter(({ error }) => !error.customerDecision);
  const isDecided = failures.length === count && others.every(({ isGone }) => isGone);
  if (isDecided && refused.length > 0) {
    // It may concern one encryption context alone: then the key as a whole is not taken away.
    const aboutOne = refused.find(({ error }) => error.kmsCause === 'PERMISSION_REVOKED');
    return (aboutOne ?? refused.at(-1))?.error ?? noTime();
  }
  const passing = others.findLast(({ error }) => error.retryable);
  return (passing ?? others.at(-1))?.error ?? noTime();
}

function noTime(): KmsError {
  return new KmsError('UNREACHABLE', 'no time was left to ask the KMS');
}
