import { events, JOBS } from '../promql.ts';
import type { Alert } from '../rule.ts';

const OF = `job="${JOBS.broker}"`;

/** Alerts about who is not let in. */
export const ACCESS_ALERTS: readonly Alert[] = [
  {
    name: 'CmkCallersDenied',
    severity: 'ticket',
    fault: 'caller',
    expr: `sum by (reason) (rate(cmk_authorization_denied_total{${OF}}[10m])) > 0.05`,
    for: '10m',
    summary: 'brokers refuse callers: {{ $labels.reason }}',
    description:
      '{{ $value | humanize }} a second. Mostly a new service that the catalogue does not know; else somebody tries doors.',
  },
  {
    name: 'CmkAdminLoginsRefused',
    severity: 'ticket',
    fault: 'caller',
    expr: `sum by (via) (increase(cmk_admin_authentications_total{${OF},outcome=~"REFUSED|LIMITED"}[15m])) > 50`,
    summary: 'tokens or sessions that are not valid come to the administration API: {{ $labels.via }}',
    description:
      '{{ $value | humanize }} in 15 minutes: a program with an old token, or somebody who guesses.',
  },
  {
    name: 'CmkSignInFailing',
    severity: 'ticket',
    fault: 'ours',
    expr: `sum ${events(`cmk_sign_ins_total{${OF},outcome=~"UNREACHABLE|INVALID"}`, '30m')} > 3`,
    summary: 'nobody can sign in to the portal',
    description:
      '{{ $value | humanize }} times in half an hour the identity provider did not answer, or not as it should.',
  },
];
