import { FAULT_OF_CAUSE, keysOf, RUN_BY } from '../faults.ts';
import { anyOf, JOBS } from '../promql.ts';
import type { Alert } from '../rule.ts';

const CALLS = `job="${JOBS.broker}"`;
/** Below so many calls a second for each provider, one call is no share of anything. */
const QUIET = 0.05;
const NOT_ANSWERED = keysOf(FAULT_OF_CAUSE, 'kms').filter((cause) => cause !== 'THROTTLED');
const CLOUDS = anyOf(keysOf(RUN_BY, 'cloud'));
const CUSTOMERS = anyOf(keysOf(RUN_BY, 'customer'));

/** The share of a provider's calls with such an outcome. */
function share(outcome: string, providers: string): string {
  const rate = (selector: string) =>
    `sum by (provider) (rate(cmk_kms_request_duration_seconds_count{${CALLS}${selector}}[5m]))`;
  const of = `,provider=~${providers}`;
  return `${rate(`${of},outcome=~${outcome}`)} / clamp_min(${rate(of)}, ${QUIET})`;
}

/** Alerts about KMSs. */
export const KMS_ALERTS: readonly Alert[] = [
  {
    name: 'CmkCloudKmsFailing',
    severity: 'page',
    fault: 'kms',
    expr: `${share(anyOf(NOT_ANSWERED), CLOUDS)} > 0.1`,
    for: '5m',
    summary: 'the KMS {{ $labels.provider }} fails',
    description:
      '{{ $value | humanizePercentage }} of the calls to it. It serves many customers: they cannot seal, nor open beyond their leases.',
  },
  {
    name: 'CmkCustomersKmsFailing',
    severity: 'ticket',
    fault: 'customer',
    expr: `${share(anyOf([...NOT_ANSWERED, 'AUTH_FAILED']), CUSTOMERS)} > 0.1`,
    for: '15m',
    summary: 'KMSs that customers run themselves fail, or do not let us in: {{ $labels.provider }}',
    description: '{{ $value | humanizePercentage }} of the calls to them. Mostly it is one customer’s.',
  },
  {
    name: 'CmkKmsThrottling',
    severity: 'ticket',
    fault: 'ours',
    expr: `${share('"THROTTLED"', '".+"')} > 0.05`,
    for: '10m',
    summary: 'the KMS {{ $labels.provider }} limits our calls',
    description: '{{ $value | humanizePercentage }} of the calls to it were told to come back later.',
  },
  {
    name: 'CmkKmsQuotaReached',
    severity: 'ticket',
    fault: 'ours',
    expr: `sum by (provider) (rate(cmk_kms_guard_events_total{${CALLS},event="PROVIDER_QUOTA"}[10m])) > 0.1`,
    for: '10m',
    summary: 'our share of the quota of {{ $labels.provider }} is used up',
    description: '{{ $value | humanize }} calls a second are refused before they reach the KMS.',
  },
  {
    name: 'CmkKmsSlow',
    severity: 'ticket',
    fault: 'kms',
    expr: `histogram_quantile(0.95, sum by (provider, le) (rate(cmk_kms_request_duration_seconds_bucket{${CALLS}}[10m]))) > 1`,
    for: '15m',
    summary: 'the KMS {{ $labels.provider }} is slow',
    description: 'One call in twenty takes longer than {{ $value | humanizeDuration }}.',
  },
  {
    name: 'CmkKmsCredentialsRefused',
    severity: 'page',
    fault: 'ours',
    expr: `${share('"AUTH_FAILED"', CLOUDS)} > 0.05`,
    for: '5m',
    summary: 'the KMS {{ $labels.provider }} does not accept the brokers’ credentials',
    description: '{{ $value | humanizePercentage }} of the calls to it. Only we can mend that.',
  },
];
