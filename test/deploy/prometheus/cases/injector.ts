import { appears, counts, histogram, interrupted, one, stays, type AlertCases } from './alert-cases.ts';

const INJECTOR = 'job="cmk-injector"';

/** When alerts about the admission webhook fire, and when not. */
export const INJECTOR_CASES: Readonly<Record<string, AlertCases>> = {
  CmkInjectorsGone: {
    fires: [{ series: one(`up{${INJECTOR},instance="a"}`, stays(0)) }],
    silent: [{ series: one(`up{${INJECTOR},instance="a"}`, stays(1)) }],
  },
  CmkInjectorFailing: {
    fires: [{ series: one(`cmk_injector_reviews_total{${INJECTOR},outcome="FAILED"}`, counts(1)) }],
    silent: [
      {
        series: {
          [`cmk_injector_reviews_total{${INJECTOR},outcome="REFUSED"}`]: counts(5),
          [`cmk_injector_reviews_total{${INJECTOR},outcome="FAILED"}`]: stays(3),
          [`cmk_injector_reviews_total{${INJECTOR},outcome="MALFORMED"}`]: counts(5),
        },
      },
    ],
  },
  CmkInjectorMisused: {
    fires: [
      {
        series: one(`cmk_injector_reviews_total{${INJECTOR},outcome="MALFORMED"}`, counts(6)),
        value: '100m',
      },
    ],
    silent: [{ series: one(`cmk_injector_reviews_total{${INJECTOR},outcome="MALFORMED"}`, stays(3)) }],
  },
  CmkInjectorRefusing: {
    fires: [
      {
        series: one(`cmk_injector_reviews_total{${INJECTOR},outcome="REFUSED"}`, appears(1)),
        at: '42m',
        value: '1',
      },
    ],
    silent: [
      { series: one(`cmk_injector_reviews_total{${INJECTOR},outcome="UNCHANGED"}`, counts(3)) },
      {
        series: one(`cmk_injector_reviews_total{${INJECTOR},outcome="REFUSED"}`, interrupted(9)),
        at: '94m',
      },
    ],
  },
  CmkInjectorSlow: {
    fires: [
      {
        series: histogram('cmk_injector_review_duration_seconds', INJECTOR, {
          ...{ '0.25': 900, '0.5': 980, '1': 1000, '+Inf': 1000 },
        }),
        value: '750ms',
      },
    ],
    silent: [
      {
        series: histogram('cmk_injector_review_duration_seconds', INJECTOR, {
          ...{ '0.25': 900, '0.5': 995, '1': 1000, '+Inf': 1000 },
        }),
      },
    ],
  },
};
