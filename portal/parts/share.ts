/**
 * A share as a percentage to show: cut off, never rounded up, so that 100 % says that nothing is left.
 * @param share from 0
 * @returns the share, and how many decimals of its percentage are shown
 */
export function shownShare(share: number): { readonly share: number; readonly decimals: number } {
  const decimals = share > 0 && share < 0.1 ? 1 : 0;
  const scale = 10 ** (2 + decimals);
  // A hair above, because 0.29 * 100 is 28.999…
  return { share: Math.floor(share * scale + 1e-9) / scale, decimals };
}
