declare const newer: unique symbol;

/**
 * A word that this release does not know where it knows a closed set of them: a newer one stored it, beside this one or
 * before a step back. It is shown as it is. Nothing is decided upon it.
 */
export type NewerWord = string & { readonly [newer]: true };

const MAX_LENGTH = 64;

/** Whether a text is written as these words are, such as `DECRYPT_ONLY` or `aws`. If not, the row is damaged. */
export function isNewerWord(text: string, known: readonly string[]): text is NewerWord {
  const inCapitals = known.every((word) => word === word.toUpperCase());
  return text.length <= MAX_LENGTH && (inCapitals ? /^[A-Z][A-Z0-9_]+$/ : /^[a-z][a-z0-9-]+$/).test(text);
}
