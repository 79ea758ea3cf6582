import { counts, histogram, one, type AlertCases } from './alert-cases.ts';

const BROKER = 'job="cmk-broker"';
const kms = (provider: string, outcomes: Readonly<Record<string, number>>) =>
  Object.fromEntries(
    Object.entries(outcomes).map(([outcome, perMinute]) => [
      `cmk_kms_request_duration_seconds_count{${BROKER},provider="${provider}",operation="unwrap",outcome="${outcome}"}`,
      counts(perMinute),
    ]),
  );

/** When alerts about KMSs fire, and when not. */
export const KMS_CASES: Readonly<Record<string, AlertCases>> = {
  CmkCloudKmsFailing: {
    fires: [{ series: kms('aws', { OK: 850, UNREACHABLE: 150 }), labels: { provider: 'aws' }, value: '15%' }],
    silent: [
      { series: kms('aws', { OK: 100, KEY_DISABLED: 900, THROTTLED: 300, UNREACHABLE: 10 }) },
      { series: kms('pkcs11', { UNREACHABLE: 600 }) },
      { series: kms('aws', { UNREACHABLE: 0.2 }) },
    ],
  },
  CmkCustomersKmsFailing: {
    fires: [
      {
        series: kms('transit', { OK: 30, UNREACHABLE: 20, AUTH_FAILED: 10 }),
        labels: { provider: 'transit' },
        value: '50%',
      },
    ],
    silent: [
      { series: { ...kms('aws', { UNREACHABLE: 60 }), ...kms('pkcs11', { PERMISSION_REVOKED: 60 }) } },
    ],
  },
  CmkKmsThrottling: {
    fires: [{ series: kms('azure', { OK: 90, THROTTLED: 10 }), labels: { provider: 'azure' }, value: '10%' }],
    silent: [{ series: kms('azure', { OK: 90, UNREACHABLE: 10, THROTTLED: 1 }) }],
  },
  CmkKmsQuotaReached: {
    fires: [
      {
        series: one(
          `cmk_kms_guard_events_total{${BROKER},provider="aws",event="PROVIDER_QUOTA"}`,
          counts(60),
        ),
        labels: { provider: 'aws' },
        value: '1',
      },
    ],
    silent: [
      {
        series: one(`cmk_kms_guard_events_total{${BROKER},provider="aws",event="ACCOUNT_RATE"}`, counts(60)),
      },
    ],
  },
  CmkKmsSlow: {
    fires: [
      {
        series: histogram('cmk_kms_request_duration_seconds', `${BROKER},provider="oci",outcome="OK"`, {
          ...{ '1': 900, '2.5': 1000, '+Inf': 1000 },
        }),
        labels: { provider: 'oci' },
        value: '1.75s',
      },
    ],
    silent: [
      {
        series: histogram('cmk_kms_request_duration_seconds', `${BROKER},provider="oci",outcome="OK"`, {
          ...{ '1': 990, '2.5': 1000, '+Inf': 1000 },
        }),
      },
    ],
  },
  CmkKmsCredentialsRefused: {
    fires: [{ series: kms('aws', { OK: 90, AUTH_FAILED: 10 }), labels: { provider: 'aws' }, value: '10%' }],
    silent: [
      {
        series: {
          ...kms('aws', { OK: 90, PERMISSION_REVOKED: 10, AUTH_FAILED: 1 }),
          ...kms('transit', { AUTH_FAILED: 60 }),
        },
      },
    ],
  },
};
