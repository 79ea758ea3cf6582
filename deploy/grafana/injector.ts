import type { MetricDashboard } from './metric-dashboard.ts';
import { lastHour, percentiles, rate } from './query.ts';

const OF = 'job="cmk-injector"';
const LEFT = '(cmk_certificate_expiry_timestamp_seconds - time()) / 86400';

export const INJECTOR_DASHBOARD: MetricDashboard = {
  uid: 'cmk-injector',
  title: 'CMK: injector and certificates',
  description: 'Whether pods get their sidecars, and processes their certificates.',
  sections: [
    {
      title: 'Injector',
      panels: [
        {
          title: 'How many injectors are there?',
          description: 'Without any, no pod that wants a sidecar can be created.',
          kind: 'stat',
          unit: 'short',
          queries: [{ expr: `sum(up{${OF}})`, legend: 'injectors' }],
          limits: { warn: 2, bad: 1, worse: 'lower' },
          width: 6,
        },
        {
          title: 'What becomes of pods?',
          description:
            'REFUSED: the annotation is wrong. FAILED is ours. MALFORMED is not sent by Kubernetes.',
          unit: 'reqps',
          queries: [rate(`cmk_injector_reviews_total{${OF}}`, ['outcome'])],
          width: 9,
        },
        {
          title: 'How long does Kubernetes wait for us?',
          description: 'After 5 s it refuses the pod.',
          unit: 's',
          queries: percentiles(`cmk_injector_review_duration_seconds_bucket{${OF}}`),
          limits: { warn: 0.5, bad: 2 },
          width: 9,
        },
      ],
    },
    {
      title: 'Certificates',
      panels: [
        {
          title: 'How long does the certificate last that ends first?',
          description:
            'Of each kind of process. Identities are an hour long, the injector’s certificate 90 days.',
          kind: 'stat',
          unit: 'd',
          queries: [{ expr: `min by (role) (${LEFT})`, legend: '{{role}}' }],
          width: 24,
        },
        {
          title: 'Whose certificates end next?',
          description: 'The ten that end first. Lines that fall for longer than the others are not renewed.',
          unit: 'd',
          queries: [{ expr: `bottomk(10, ${LEFT})`, legend: '{{role}} {{instance}}' }],
          width: 12,
        },
        {
          title: 'Which new files could not be used?',
          description: 'In the last hour. The old ones are in use meanwhile.',
          unit: 'short',
          queries: [lastHour('cmk_certificate_rejected_total', ['job', 'instance'])],
          width: 12,
        },
      ],
    },
  ],
};
