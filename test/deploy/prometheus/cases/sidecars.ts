import { appears, counts, interrupted, one, stays, type AlertCases } from './alert-cases.ts';

const BROKER = 'job="cmk-broker"';
const SIDECAR = 'job="cmk-sidecar"';
const watching = (up: number, down: number) =>
  Object.fromEntries(
    [...new Array<number>(up).fill(1), ...new Array<number>(down).fill(0)].map((value, index) => [
      `cmk_revocation_watch_up{${SIDECAR},instance="${index}"}`,
      stays(value),
    ]),
  );

/** When alerts about sidecars fire, and when not. */
export const SIDECAR_CASES: Readonly<Record<string, AlertCases>> = {
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
      {
        series: one(
          `cmk_authentication_failures_total{${SIDECAR},srv_id="0001",reason="TRUNCATED"}`,
          interrupted(2),
        ),
        at: '130m',
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
      {
        series: one(
          `cmk_authorization_denied_total{${SIDECAR},srv_id="0001",reason="OTHER_ASSET"}`,
          interrupted(1),
        ),
        at: '130m',
      },
    ],
  },
};
