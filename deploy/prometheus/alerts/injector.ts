import { events, JOBS } from '../promql.ts';
import type { Alert } from '../rule.ts';

const { injector } = JOBS;

/** Alerts about the admission webhook. */
export const INJECTOR_ALERTS: readonly Alert[] = [
  {
    name: 'CmkInjectorsGone',
    severity: 'page',
    fault: 'ours',
    expr: `absent(up{job="${injector}"} == 1)`,
    for: '5m',
    summary: 'no injector can be scraped',
    description: 'If none answers either, no pod of a namespace with sidecars can be created.',
  },
  {
    name: 'CmkInjectorFailing',
    severity: 'page',
    fault: 'ours',
    expr: `sum(rate(cmk_injector_reviews_total{job="${injector}",outcome="FAILED"}[5m])) > 0`,
    for: '5m',
    summary: 'the injector fails',
    description: 'Pods that it is asked about are not created; those that run are not touched.',
  },
  {
    // Every pod can send it something; that must not wake anybody.
    name: 'CmkInjectorMisused',
    severity: 'ticket',
    fault: 'caller',
    expr: `sum(rate(cmk_injector_reviews_total{job="${injector}",outcome="MALFORMED"}[5m])) > 0`,
    for: '15m',
    summary: 'somebody sends the injector what Kubernetes does not send',
    description: '{{ $value | humanize }} requests a second are no reviews, or break off.',
  },
  {
    name: 'CmkInjectorRefusing',
    severity: 'ticket',
    fault: 'caller',
    expr: `sum ${events(`cmk_injector_reviews_total{job="${injector}",outcome="REFUSED"}`, '15m')} > 0`,
    for: '10m',
    summary: 'pods ask for sidecars that they cannot have',
    description:
      '{{ $value | humanize }} in 15 minutes were refused, with the reason in the events of their ReplicaSet or Job.',
  },
  {
    name: 'CmkInjectorSlow',
    severity: 'ticket',
    fault: 'ours',
    expr: `histogram_quantile(0.99, sum by (le) (rate(cmk_injector_review_duration_seconds_bucket{job="${injector}"}[10m]))) > 0.5`,
    for: '10m',
    summary: 'the injector is slow',
    description:
      'One review in a hundred takes longer than {{ $value | humanizeDuration }}; after 5 s Kubernetes refuses the pod.',
  },
];
