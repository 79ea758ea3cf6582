import { appears, counts, one, type AlertCases } from './alert-cases.ts';

const BROKER = 'job="cmk-broker"';

/** When alerts about who is not let in fire, and when not. */
export const ACCESS_CASES: Readonly<Record<string, AlertCases>> = {
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
    fires: [
      { series: one(`cmk_sign_ins_total{${BROKER},outcome="UNREACHABLE"}`, counts(1)), value: '30' },
      {
        // Nobody ever could: the first of each kind at each broker count as well.
        series: {
          [`cmk_sign_ins_total{${BROKER},instance="a",outcome="INVALID"}`]: appears(2),
          [`cmk_sign_ins_total{${BROKER},instance="b",outcome="INVALID"}`]: appears(2),
        },
        at: '40m',
        value: '4',
      },
    ],
    silent: [{ series: one(`cmk_sign_ins_total{${BROKER},outcome="DENIED"}`, counts(1)) }],
  },
};
