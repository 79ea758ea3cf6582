import { durationMs, integer, text, type Config, type Setting } from '../../../runtime/config.ts';

/** Where to reach a service of a region; null: at its public endpoint. */
export type Endpoints = (region: string) => string | null;

const endpoints: Setting<Endpoints | null> = {
  name: 'CMK_AWS_KMS_ENDPOINT',
  doc: 'Where to reach AWS KMS in place of its public endpoints, e.g. through PrivateLink: one URL with {region} in it, or region=URL pairs between commas. Regions that are not named keep their public endpoint, which must not have a private address; these may.',
  default: null,
  expects: 'URL with {region}, or region=URL pairs between commas',
  secret: false,
  parse: parseEndpoints,
};

/** The ARN of a role or a user, as a policy names it. */
const PRINCIPAL_ARN = /^arn:(aws|aws-cn|aws-us-gov):iam::\d{12}:(role|user)\/[\w+=,.@/-]{1,512}$/;

const stsEndpoints: Setting<Endpoints | null> = {
  ...endpoints,
  name: 'CMK_AWS_STS_ENDPOINT',
  doc: 'Where to reach AWS STS, which is asked for the roles in customers’ accounts, in place of the public endpoint in the key’s region; as CMK_AWS_KMS_ENDPOINT.',
};

/** Settings of the AWS KMS provider. Credentials come from where the AWS SDK looks for them: environment, pod identity, instance. */
export const awsSettings = {
  awsEndpoints: endpoints,
  awsPrincipal: text({
    name: 'CMK_AWS_PRINCIPAL',
    doc: 'The ARN of the broker’s role, for the policies that customers are given to paste.',
    default: null,
    pattern: PRINCIPAL_ARN,
    expects: 'ARN of an IAM role or user',
  }),
  awsStsEndpoints: stsEndpoints,
  awsConnectTimeoutMs: durationMs({
    name: 'CMK_AWS_KMS_CONNECT_TIMEOUT',
    doc: 'How long connecting to AWS KMS may take, within the time that a call has as a whole.',
    default: '1s',
    min: 50,
    max: 10_000,
  }),
  awsMaxConnections: integer({
    name: 'CMK_AWS_KMS_MAX_CONNECTIONS',
    doc: 'The most connections to AWS KMS at a time, for each region.',
    default: '1024',
    min: 1,
    max: 4096,
  }),
} as const;

export type AwsConfig = Config<typeof awsSettings>;

/** @returns undefined for anything but one template or pairs of region and URL */
export function parseEndpoints(text: string): Endpoints | undefined {
  if (!text.includes('=')) {
    if (!text.includes('{region}') || !isOrigin(text.replaceAll('{region}', 'us-east-1'))) return undefined;
    return (region) => text.replaceAll('{region}', region);
  }
  const pairs = text.split(',').map((pair) => {
    const [region = '', url = '', ...rest] = pair.trim().split('=');
    return { region, url, valid: /^[a-z0-9-]+$/.test(region) && isOrigin(url) && rest.length === 0 };
  });
  const byRegion = new Map(pairs.map(({ region, url }) => [region, url]));
  if (!pairs.every(({ valid }) => valid) || byRegion.size !== pairs.length) return undefined;
  return (region) => byRegion.get(region) ?? null;
}

/** Scheme, host and port, nothing more. */
function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  const bare = url.pathname === '/' && url.search === '' && url.hash === '' && url.username === '';
  return bare && (url.protocol === 'https:' || url.protocol === 'http:');
}
