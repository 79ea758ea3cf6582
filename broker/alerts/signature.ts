import { createHmac, hkdfSync } from 'node:crypto';
import { Secret } from '../../runtime/config.ts';

const SECRET_BYTES = 32;

/**
 * The secret of a webhook, shown once to whoever registers it. It is derived, not stored: who reads the database or a
 * backup of it cannot sign.
 */
export function webhookSecret(key: Secret, webhookId: string): Secret {
  const bytes = hkdfSync('sha256', key.reveal(), '', `cmk webhook v1 ${webhookId}`, SECRET_BYTES);
  return new Secret(`whsec_${Buffer.from(bytes).toString('base64url')}`);
}

/**
 * The value of the `CMK-Signature` header; docs/alerts.md shows how to check it.
 * @param nowMs UNIX milliseconds, of this attempt
 */
export function signBody(secret: Secret, body: string, nowMs: number): string {
  const t = Math.floor(nowMs / 1000);
  const hmac = createHmac('sha256', secret.reveal()).update(`${t}.${body}`).digest('hex');
  return `t=${t},v1=${hmac}`;
}
