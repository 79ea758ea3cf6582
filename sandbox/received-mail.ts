/** A mail as it came over the wire. */
export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly raw: string;
  /** The value of a header, unfolded and decoded. */
  header(name: string): string;
  readonly messageId: string;
  readonly subject: string;
  /** The part of this type, decoded. */
  part(type: 'text/plain' | 'text/html'): string;
}

/** @param raw as it came over the wire */
export function parseMail(raw: string, from: string, to: readonly string[]): ReceivedMail {
  const [head = ''] = raw.split('\r\n\r\n', 1);
  const lines = head.replace(/\r\n[ \t]+/g, ' ').split('\r\n');
  const header = (name: string) => {
    const found = lines.filter((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`));
    if (found.length !== 1) throw new Error(`expected one header ${name}, got ${found.length}`);
    return decodeWords(found[0]?.slice(name.length + 1).trim() ?? '');
  };
  return {
    from,
    to,
    raw,
    header,
    messageId: header('message-id'),
    subject: header('subject'),
    part: (type) => decodePart(raw, type),
  };
}

/** RFC 2047. */
function decodeWords(text: string): string {
  return text
    .replace(/\?= +=\?/g, '?==?')
    .replace(/=\?UTF-8\?([QB])\?([^?]*)\?=/gi, (_, encoding: string, word: string) =>
      encoding.toUpperCase() === 'B'
        ? Buffer.from(word, 'base64').toString('latin1')
        : fromQuotedPrintable(word.replaceAll('_', ' ')),
    )
    .replace(/[\u0080-\u00ff]+/g, (bytes) => Buffer.from(bytes, 'latin1').toString('utf8'));
}

function decodePart(raw: string, type: string): string {
  const part = raw.split('\r\n----_').find((each) => each.includes(`Content-Type: ${type}`)) ?? '';
  const body = part.slice(part.indexOf('\r\n\r\n') + 4);
  const bytes = part.includes('base64')
    ? Buffer.from(body, 'base64')
    : Buffer.from(fromQuotedPrintable(body.replace(/=\r\n/g, '')), 'latin1');
  return part.includes('7bit') ? body : bytes.toString('utf8');
}

/** One character for each byte. */
function fromQuotedPrintable(text: string): string {
  return text.replace(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}
