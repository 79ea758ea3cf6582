/**
 * A language as the browser's user writes numbers and dates in it.
 * @param preferred the browser's languages, the first first
 */
export function regional(language: string, preferred: readonly string[]): string {
  return preferred.find((each) => each.toLowerCase().startsWith(language) && isTag(each)) ?? language;
}

/** Browsers that take their language from the system may say `en-US@posix`, which nothing can be written in. */
function isTag(language: string): boolean {
  try {
    return Intl.getCanonicalLocales(language).length === 1;
  } catch {
    return false;
  }
}
