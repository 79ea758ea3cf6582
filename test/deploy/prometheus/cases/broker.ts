import { appears, counts, histogram, interrupted, one, stays, type AlertCases } from './alert-cases.ts';

const BROKER = 'job="cmk-broker"';
const SIDECAR = 'job="cmk-sidecar"';
const INJECTOR = 'job="cmk-injector"';
const database = (outcomes: Readonly<Record<string, number>>) =>
  Object.fromEntries(
    Object.entries(outcomes).map(([outcome, perMinute]) => [
      `cmk_database_request_duration_seconds_count{${BROKER},outcome="${outcome}"}`,
      counts(perMinute),
    ]),
  );
const backlog = (state: string, left: number) => ({
  [`cmk_rewrap_backlog{${BROKER},instance="a",state="${state}"}`]: stays(left),
  [`cmk_rewrap_backlog{${BROKER},instance="b",state="${state}"}`]: stays(left),
});
const moved = (outcome: string, perMinute: number) => ({
  [`cmk_moved_data_keys_total{${BROKER},outcome="${outcome}"}`]: counts(perMinute),
});

/** When alerts about brokers fire, and when not. */
export const BROKER_CASES: Readonly<Record<string, AlertCases>> = {
  CmkBrokersGone: {
    fires: [{ series: one(`up{${BROKER},instance="a"}`, stays(0)) }, { series: {} }],
    silent: [
      { series: { [`up{${BROKER},instance="a"}`]: stays(1), [`up{${BROKER},instance="b"}`]: stays(0) } },
    ],
  },
  CmkTargetDown: {
    fires: [
      { series: one(`up{${BROKER},instance="a"}`, stays(0)), labels: { job: 'cmk-broker', instance: 'a' } },
    ],
    silent: [
      { series: one(`up{${INJECTOR},instance="a"}`, '1x50 0x5 1x60'), at: '55m' },
      // Sidecars come and go with their pods.
      { series: one(`up{${SIDECAR},instance="a"}`, stays(0)) },
    ],
  },
  CmkAuditWritesFailing: {
    fires: [{ series: one(`cmk_audit_write_failures_total{${BROKER}}`, counts(2)), value: '10' }],
    silent: [{ series: one(`cmk_audit_write_failures_total{${BROKER}}`, '0x10 5x100') }],
  },
  CmkDatabaseFailing: {
    fires: [{ series: database({ OK: 970, STORE_UNAVAILABLE: 30 }), value: '3%' }],
    silent: [{ series: database({ OK: 990, STORE_UNAVAILABLE: 10, CONFLICT: 500 }) }],
  },
  CmkDatabaseSlow: {
    fires: [
      {
        series: histogram('cmk_database_request_duration_seconds', `${BROKER},outcome="OK"`, {
          ...{ '0.1': 900, '0.25': 980, '0.5': 1000, '+Inf': 1000 },
        }),
        value: '375ms',
      },
    ],
    silent: [
      {
        series: histogram('cmk_database_request_duration_seconds', `${BROKER},outcome="OK"`, {
          ...{ '0.1': 900, '0.25': 995, '0.5': 1000, '+Inf': 1000 },
        }),
      },
    ],
  },
  CmkFallbackActive: {
    fires: [
      {
        series: {
          [`cmk_fallback_active{${BROKER},instance="a"}`]: stays(2),
          [`cmk_fallback_active{${BROKER},instance="b"}`]: stays(2),
        },
        value: '2',
      },
    ],
    silent: [
      { series: one(`cmk_fallback_active{${BROKER},instance="a"}`, stays(0)) },
      { series: one(`cmk_fallback_active{${BROKER},instance="a"}`, '0x50 1x60') },
    ],
  },
  CmkFallbackWidespread: {
    fires: [{ series: one(`cmk_fallback_active{${BROKER},instance="a"}`, stays(12)), value: '12' }],
    silent: [{ series: one(`cmk_fallback_active{${BROKER},instance="a"}`, stays(9)) }],
  },
  CmkMovesStuck: {
    fires: [
      { series: { ...backlog('RUNNING', 400), ...moved('FAILED', 5) }, at: '100m', value: '400' },
      { series: { ...backlog('RUNNING', 400), ...moved('MOVED', 0) }, at: '100m', value: '400' },
    ],
    silent: [
      { series: { ...backlog('RUNNING', 400), ...moved('MOVED', 10) }, at: '100m' },
      { series: { ...backlog('PAUSED', 400), ...backlog('RUNNING', 0) }, at: '100m' },
      { series: { ...backlog('WAITING', 400), ...backlog('RUNNING', 0) }, at: '100m' },
    ],
  },
  CmkBackgroundWorkFailing: {
    fires: [
      {
        series: one(`cmk_background_failures_total{${BROKER},task="deliver alerts"}`, counts(1)),
        labels: { task: 'deliver alerts' },
        value: '15',
      },
    ],
    silent: [{ series: one(`cmk_background_failures_total{${BROKER},task="deliver alerts"}`, counts(0.5)) }],
  },
  CmkAlertsNotDelivered: {
    fires: [
      {
        series: one(`cmk_alert_deliveries_total{${BROKER},channel="MAIL",state="FAILED"}`, appears(1)),
        labels: { channel: 'MAIL', state: 'FAILED' },
        value: '1',
      },
    ],
    silent: [
      { series: one(`cmk_alert_deliveries_total{${BROKER},channel="MAIL",state="PENDING"}`, counts(5)) },
      {
        series: one(`cmk_alert_deliveries_total{${BROKER},channel="MAIL",state="FAILED"}`, stays(7)),
        at: '120m',
      },
      {
        series: one(`cmk_alert_deliveries_total{${BROKER},channel="MAIL",state="FAILED"}`, interrupted(7)),
        at: '130m',
      },
    ],
  },
  CmkEventLoopLag: {
    fires: [
      {
        series: one(`nodejs_eventloop_lag_p99_seconds{${SIDECAR},instance="a"}`, stays(0.4)),
        labels: { job: 'cmk-sidecar', instance: 'a' },
        value: '400ms',
      },
    ],
    silent: [{ series: one(`nodejs_eventloop_lag_p99_seconds{${SIDECAR},instance="a"}`, stays(0.1)) }],
  },
};
