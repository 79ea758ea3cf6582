import type { IdentityFiles } from './ca.ts';

/** Settings that lead a process to an identity. */
export function tlsSettings({ certPath, keyPath, caPath }: IdentityFiles): Record<string, string> {
  return { CMK_TLS_CERT: certPath, CMK_TLS_KEY: keyPath, CMK_TLS_CA: caPath };
}

/**
 * The setting that leads a broker to an emulated AWS KMS.
 * @param endpoints region → URL
 */
export function awsKmsSettings(endpoints: Readonly<Record<string, string>>): Record<string, string> {
  const pairs = Object.entries(endpoints).map(([region, url]) => `${region}=${url}`);
  return { CMK_AWS_KMS_ENDPOINT: pairs.join(',') };
}
