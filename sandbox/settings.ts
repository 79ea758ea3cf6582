import type { IdentityFiles } from './ca.ts';

/** Settings that lead a process to an identity. */
export function tlsSettings({ certPath, keyPath, caPath }: IdentityFiles): Record<string, string> {
  return { CMK_TLS_CERT: certPath, CMK_TLS_KEY: keyPath, CMK_TLS_CA: caPath };
}

/** Where an emulated AWS KMS is, and the STS beside it: region → URL. */
export interface AwsEndpoints {
  readonly endpoints: Readonly<Record<string, string>>;
  readonly stsEndpoints: Readonly<Record<string, string>>;
}

/** The settings that lead a broker to an emulated AWS KMS. */
export function awsKmsSettings({ endpoints, stsEndpoints }: AwsEndpoints): Record<string, string> {
  return { CMK_AWS_KMS_ENDPOINT: pairs(endpoints), CMK_AWS_STS_ENDPOINT: pairs(stsEndpoints) };
}

function pairs(urls: Readonly<Record<string, string>>): string {
  return Object.entries(urls)
    .map(([region, url]) => `${region}=${url}`)
    .join(',');
}
