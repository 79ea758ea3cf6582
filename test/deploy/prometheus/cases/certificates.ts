import { counts, one, stays, type AlertCases } from './alert-cases.ts';

const BROKER = 'job="cmk-broker"';
const SIDECAR = 'job="cmk-sidecar"';
const INJECTOR = 'job="cmk-injector"';

/** When alerts about certificates fire, and when not. */
export const CERTIFICATE_CASES: Readonly<Record<string, AlertCases>> = {
  CmkIdentityEndsSoon: {
    fires: [
      {
        series: one(
          `cmk_certificate_expiry_timestamp_seconds{${BROKER},role="broker",instance="a"}`,
          stays(3600),
        ),
        at: '50m',
        labels: { job: 'cmk-broker', role: 'broker', instance: 'a' },
        value: '10m 0s',
      },
    ],
    silent: [
      {
        series: {
          [`cmk_certificate_expiry_timestamp_seconds{${SIDECAR},role="sidecar"}`]: '3600x40 7200x60',
          [`cmk_certificate_expiry_timestamp_seconds{${INJECTOR},role="injector"}`]: stays(3600),
          // Somebody else's, who says the same of itself.
          'cmk_certificate_expiry_timestamp_seconds{job="other",role="broker"}': stays(3600),
        },
        at: '50m',
      },
    ],
  },
  CmkServingCertificateEndsSoon: {
    fires: [
      {
        series: one(
          `cmk_certificate_expiry_timestamp_seconds{${INJECTOR},role="injector",instance="a"}`,
          stays(864_000),
        ),
        at: '120m',
        labels: { job: 'cmk-injector', role: 'injector', instance: 'a' },
        value: '9d 22h 0m 0s',
      },
    ],
    silent: [
      {
        series: one(
          `cmk_certificate_expiry_timestamp_seconds{${INJECTOR},role="injector",instance="a"}`,
          stays(2_592_000),
        ),
        at: '120m',
      },
    ],
  },
  CmkCertificateRejected: {
    fires: [
      {
        series: one(`cmk_certificate_rejected_total{${SIDECAR},instance="a"}`, '0x50 1x60'),
        labels: { job: 'cmk-sidecar', instance: 'a' },
      },
    ],
    silent: [{ series: one(`cmk_certificate_rejected_total{${SIDECAR},instance="a"}`, stays(1)) }],
  },
  CmkBrokerUntrusted: {
    fires: [
      {
        series: one(`cmk_authorization_denied_total{${BROKER},reason="CERTIFICATE_INVALID"}`, counts(120)),
        value: '2',
      },
    ],
    silent: [
      { series: one(`cmk_authorization_denied_total{${BROKER},reason="CALLER_UNKNOWN"}`, counts(600)) },
      { series: one(`cmk_authorization_denied_total{${BROKER},reason="OTHER_TRUST_DOMAIN"}`, counts(6)) },
    ],
  },
};
