import { randomBytes } from 'node:crypto';

/** @throws Error for anything but 0 to 65535 */
export function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) throw new Error(`port: expected 0 to 65535, got ${text}`);
  return port;
}

/** Random bytes that begin and end with a marker, so that leaks can be found. */
export function markedRandomBytes(markerHex: string): (count: number) => Buffer {
  const marker = Buffer.from(markerHex, 'hex');
  return (count) => {
    const bytes = randomBytes(count);
    marker.copy(bytes);
    marker.copy(bytes, Math.max(0, count - marker.length));
    return bytes;
  };
}
