/**
 * A part of an address as it was escaped. The router has undone a part of that, which cannot be undone twice: `%2541` would
 * become `A`.
 * @param pathname as the browser has it
 * @param place from 0
 * @returns as it stands there if it is not well escaped
 */
export function partOfAddress(pathname: string, place: number): string {
  const part = pathname.split('/')[place + 1] ?? '';
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
