import type { Attention } from '../../api/types.ts';

/** What needs somebody as one matter: a key that fails in several places and uses is one, with all that it says. */
export type Matter = readonly [Attention, ...Attention[]];

/** In the order of what comes first of each. */
export function matters(attention: readonly Attention[]): Matter[] {
  const found = new Map<string, [Attention, ...Attention[]]>();
  for (const [place, each] of attention.entries()) {
    const isOfKey = each.code === 'KEY_FAILED' || each.code === 'KEY_DEGRADED';
    const name = isOfKey ? `${each.code} ${each.kekId} ${each.cause}` : String(place);
    const matter = found.get(name);
    if (matter) matter.push(each);
    else found.set(name, [each]);
  }
  return [...found.values()];
}
