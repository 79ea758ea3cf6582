import { events, JOBS } from '../promql.ts';
import type { Alert } from '../rule.ts';

const OF = `job="${JOBS.sidecar}"`;
const DOWN = `cmk_revocation_watch_up{${OF}} == 0`;

/** Alerts about the sidecars, and what they see of files. */
export const SIDECAR_ALERTS: readonly Alert[] = [
  {
    name: 'CmkSidecarsWithoutRevocations',
    severity: 'ticket',
    fault: 'ours',
    expr: `count(${DOWN}) > 0`,
    for: '10m',
    summary: '{{ $value }} sidecars get no revocations',
    description: 'What a customer revokes is open there until the lease ends: five minutes at the most.',
  },
  {
    name: 'CmkFleetWithoutRevocations',
    severity: 'page',
    fault: 'ours',
    expr: `count(${DOWN}) / count(cmk_revocation_watch_up{${OF}}) > 0.2`,
    for: '5m',
    summary: '{{ $value | humanizePercentage }} of the sidecars get no revocations',
    description: 'Only leases bound the use of a revoked key now. Mostly the brokers are out of reach.',
  },
  {
    name: 'CmkUsesLost',
    severity: 'ticket',
    fault: 'ours',
    expr: `sum(increase(cmk_uses_lost_total{${OF}}[1h])) > 0`,
    summary: 'uses of data keys are in the ledger as a number alone',
    description:
      '{{ $value | humanize }} streams in an hour. Customers see that they happened, not what was read.',
  },
  {
    name: 'CmkSealedFilesDamaged',
    severity: 'ticket',
    fault: 'caller',
    expr: `sum by (srv_id, reason) ${events(`cmk_authentication_failures_total{${OF}}`, '1h')} > 0`,
    summary: 'sealed files of service {{ $labels.srv_id }} do not open: {{ $labels.reason }}',
    description: '{{ $value | humanize }} in an hour were damaged, cut short, or changed by somebody.',
  },
  {
    name: 'CmkFilesOfOtherAssets',
    severity: 'ticket',
    fault: 'caller',
    expr: `sum by (srv_id, reason) ${events(`cmk_authorization_denied_total{${OF}}`, '1h')} > 0`,
    summary: 'service {{ $labels.srv_id }} opens files of other assets than it says',
    description: '{{ $value | humanize }} in an hour were refused: a mix-up in the service, or worse.',
  },
];
