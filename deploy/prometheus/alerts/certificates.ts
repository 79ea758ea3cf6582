import { anyOf, JOBS } from '../promql.ts';
import type { Alert } from '../rule.ts';

/** By the job, which the monitors give, rather than by the role, which whoever is scraped says of itself. */
const SECONDS_LEFT = (...jobs: string[]) =>
  `cmk_certificate_expiry_timestamp_seconds{job=~${anyOf(jobs)}} - time()`;

/** Alerts about certificates, which are renewed by themselves. */
export const CERTIFICATE_ALERTS: readonly Alert[] = [
  {
    // Of an hour, renewed when 20 minutes are left: cert-manager's driver for SPIFFE identities.
    name: 'CmkIdentityEndsSoon',
    severity: 'page',
    fault: 'ours',
    expr: `${SECONDS_LEFT(JOBS.broker, JOBS.sidecar)} < 900`,
    for: '1m',
    summary: 'the certificate of the {{ $labels.role }} on {{ $labels.instance }} was not renewed',
    description:
      'It ends in {{ $value | humanizeDuration }}. Then that {{ $labels.role }} can talk to no other process.',
  },
  {
    // Of 90 days, renewed when 30 are left.
    name: 'CmkServingCertificateEndsSoon',
    severity: 'ticket',
    fault: 'ours',
    expr: `${SECONDS_LEFT(JOBS.injector)} < 14 * 86400`,
    for: '1h',
    summary: 'the certificate of the injector on {{ $labels.instance }} was not renewed',
    description:
      'It ends in {{ $value | humanizeDuration }}. Then no pod that wants a sidecar can be created.',
  },
  {
    name: 'CmkCertificateRejected',
    severity: 'ticket',
    fault: 'ours',
    expr: `increase(cmk_certificate_rejected_total{job=~"cmk-.*"}[15m]) > 0`,
    summary: 'new certificate files of {{ $labels.job }} on {{ $labels.instance }} cannot be used',
    description:
      'The old ones are in use until they end. Half-written files are looked at again by themselves.',
  },
  {
    name: 'CmkBrokerUntrusted',
    severity: 'page',
    fault: 'ours',
    expr: `sum(rate(cmk_authorization_denied_total{job="${JOBS.broker}",reason=~"CERTIFICATE_INVALID|OTHER_TRUST_DOMAIN"}[5m])) > 1`,
    for: '5m',
    summary: 'brokers refuse certificates by the dozen',
    description:
      '{{ $value | humanize }} connections a second. After a change of the CA, sidecars and brokers may not know each other’s.',
  },
];
