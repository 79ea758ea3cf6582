const MAX_CHARACTERS = 1_000;

/**
 * Where in the portal somebody goes on after signing in: a path of ours, with its query. Whatever is none, or would
 * lead elsewhere, is the beginning.
 * @param wish as it came with the address
 * @param origin the portal's
 */
export function returnTo(wish: unknown, origin: string): string {
  if (typeof wish !== 'string' || wish.length > MAX_CHARACTERS || !/^\/[\x21-\x7e]*$/.test(wish)) return '/';
  if (!URL.canParse(wish, origin)) return '/';
  const url = new URL(wish, origin);
  // `//elsewhere`, `/\elsewhere`: what browsers make of it counts, and not how it looks.
  if (url.origin !== origin) return '/';
  const path = url.pathname + url.search + url.hash;
  if (path.startsWith('//') || /^\/(sign-in|signed-out|v1)([/?#]|$)/.test(path)) return '/';
  return path;
}
