import { appears, counts, histogram, one, stays, type AlertCases } from './alert-cases.ts';

const BROKER = 'job="cmk-broker"';
const SIDECAR = 'job="cmk-sidecar"';
const INJECTOR = 'job="cmk-injector"';
const watching = (up: number, down: number) =>
  Object.fromEntries(
    [...new Array<number>(up).fill(1), ...new Array<number>(down).fill(0)].map((value, index) => [
      `cmk_revocation_watch_up{${SIDECAR},instance="${index}"}`,
      stays(value),
    ]),
  );

/** When alerts about sidecars, certificates, access and the injector fire, and when not. */
export const FLEET_CASES: Readonly<Record<string, AlertCases>> = {
  CmkSidecarsWithoutRevocations: {
    fires: [{ series: watching(9, 1), value: '1' }],
    silent: [
      { series: watching(3, 0) },
      { series: one(`cmk_revocation_watch_up{${SIDECAR},instance="a"}`, '1x50 0x7 1x60'), at: '57m' },
    ],
  },
  CmkFleetWithoutRevocations: {
    fires: [{ series: watching(3, 1), value: '25%' }],
    silent: [{ series: watching(9, 1) }],
  },
  CmkUsesLost: {
    fires: [{ series: one(`cmk_uses_lost_total{${SIDECAR}}`, counts(1)), at: '90m', value: '60' }],
    silent: [{ series: one(`cmk_uses_lost_total{${SIDECAR}}`, stays(4)) }],
  },
  CmkSealedFilesDamaged: {
    fires: [
      {
        series: one(
          `cmk_authentication_failures_total{${SIDECAR},srv_id="0001",instance="a",reason="TRUNCATED"}`,
          appears(2),
        ),
        labels: { srv_id: '0001', reason: 'TRUNCATED' },
        value: '2',
      },
    ],
    silent: [
      {
        series: one(
          `cmk_authentication_failures_total{${SIDECAR},srv_id="0001",reason="TRUNCATED"}`,
          stays(2),
        ),
        at: '120m',
      },
    ],
  },
  CmkFilesOfOtherAssets: {
    fires: [
      {
        series: one(
          `cmk_authorization_denied_total{${SIDECAR},srv_id="0001",reason="OTHER_ASSET"}`,
          appears(1),
        ),
        labels: { srv_id: '0001', reason: 'OTHER_ASSET' },
        value: '1',
      },
    ],
    silent: [
      { series: one(`cmk_authorization_denied_total{${BROKER},reason="CONTEXT_MISMATCH"}`, appears(1)) },
    ],
  },

  CmkIdentityEndsSoon: {
    fires: [
      {
        series: one(`cmk_certificate_expiry_timestamp_seconds{role="broker",instance="a"}`, stays(3600)),
        at: '50m',
        labels: { role: 'broker', instance: 'a' },
        value: '10m 0s',
      },
    ],
    silent: [
      {
        series: {
          'cmk_certificate_expiry_timestamp_seconds{role="sidecar"}': '3600x40 7200x60',
          'cmk_certificate_expiry_timestamp_seconds{role="injector"}': stays(3600),
        },
        at: '50m',
      },
    ],
  },
  CmkServingCertificateEndsSoon: {
    fires: [
      {
        series: one(`cmk_certificate_expiry_timestamp_seconds{role="injector",instance="a"}`, stays(864_000)),
        at: '120m',
        labels: { role: 'injector', instance: 'a' },
        value: '9d 22h 0m 0s',
      },
    ],
    silent: [
      {
        series: one(
          `cmk_certificate_expiry_timestamp_seconds{role="injector",instance="a"}`,
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

  CmkCallersDenied: {
    fires: [
      {
        series: one(`cmk_authorization_denied_total{${BROKER},reason="CALLER_UNKNOWN"}`, counts(6)),
        labels: { reason: 'CALLER_UNKNOWN' },
        value: '100m',
      },
    ],
    silent: [{ series: one(`cmk_authorization_denied_total{${BROKER},reason="CALLER_UNKNOWN"}`, counts(1)) }],
  },
  CmkAdminLoginsRefused: {
    fires: [
      {
        series: one(`cmk_admin_authentications_total{${BROKER},via="TOKEN",outcome="REFUSED"}`, counts(10)),
        labels: { via: 'TOKEN' },
        value: '150',
      },
    ],
    silent: [
      {
        series: one(`cmk_admin_authentications_total{${BROKER},via="TOKEN",outcome="ACCEPTED"}`, counts(600)),
      },
      { series: one(`cmk_admin_authentications_total{${BROKER},via="TOKEN",outcome="REFUSED"}`, counts(1)) },
    ],
  },
  CmkSignInFailing: {
    fires: [{ series: one(`cmk_sign_ins_total{${BROKER},outcome="UNREACHABLE"}`, counts(1)), value: '30' }],
    silent: [{ series: one(`cmk_sign_ins_total{${BROKER},outcome="DENIED"}`, counts(1)) }],
  },

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
        },
      },
    ],
  },
  CmkInjectorRefusing: {
    fires: [
      {
        series: one(`cmk_injector_reviews_total{${INJECTOR},outcome="REFUSED"}`, appears(1)),
        at: '42m',
        value: '1',
      },
    ],
    silent: [{ series: one(`cmk_injector_reviews_total{${INJECTOR},outcome="UNCHANGED"}`, counts(3)) }],
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
