/** What CMK_SMTP_URL says. */
export interface SmtpServer {
  readonly host: string;
  readonly port: number;
  /** TLS: from the first byte, by STARTTLS or nothing, or, on this machine alone, none. */
  readonly tls: 'IMPLICIT' | 'STARTTLS' | 'NONE';
  readonly auth: { readonly user: string; readonly pass: string } | null;
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'smtps:': 465, 'smtp:': 587 };

/** @returns null for anything else */
export function parseSmtpUrl(text: string): SmtpServer | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  const preset = DEFAULT_PORTS[url.protocol];
  const bare = url.search === '' && url.hash === '' && /^\/?$/.test(url.pathname);
  if (preset === undefined || url.hostname === '' || !bare) return null;
  const user = decode(url.username);
  const pass = decode(url.password);
  if (user === null || pass === null || (user === '') !== (pass === '')) return null;
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return {
    host,
    port: url.port === '' ? preset : Number(url.port),
    tls: url.protocol === 'smtps:' ? 'IMPLICIT' : isLoopback(host) ? 'NONE' : 'STARTTLS',
    auth: user === '' ? null : { user, pass },
  };
}

/** By its literal address: a name could lead elsewhere. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
