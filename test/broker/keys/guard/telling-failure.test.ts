import test from 'ava';
import { tellingFailure } from '../../../../broker/keys/guard/telling-failure.ts';
import { KmsError, type KmsCause } from '../../../../broker/kms/provider.ts';

type Row = readonly [asked: readonly (KmsCause | `${KmsCause} gone`)[], count: number, told: KmsCause];

const ROWS: Record<string, Row> = {
  'all are refused': [['KEY_DISABLED', 'KEY_DISABLED'], 2, 'KEY_DISABLED'],
  'one may come back': [['THROTTLED', 'KEY_DISABLED'], 2, 'THROTTLED'],
  'in the other order': [['KEY_DISABLED', 'THROTTLED'], 2, 'THROTTLED'],
  'the one that might have come back is gone for long': [
    ['UNREACHABLE gone', 'KEY_DISABLED'],
    2,
    'KEY_DISABLED',
  ],
  'one of two is gone': [['UNREACHABLE gone', 'THROTTLED', 'KEY_DISABLED'], 3, 'THROTTLED'],
  'all are gone, none refused': [['UNREACHABLE gone', 'AUTH_FAILED gone'], 2, 'UNREACHABLE'],
  'one was not asked': [['KEY_DISABLED'], 2, 'UNREACHABLE'],
  'none was asked': [[], 2, 'UNREACHABLE'],
  'a refusal that may be about one asset is decided by the canary': [
    ['PERMISSION_REVOKED', 'KEY_DISABLED'],
    2,
    'PERMISSION_REVOKED',
  ],
  'what passes by itself is worth a retry': [['THROTTLED', 'AUTH_FAILED'], 2, 'THROTTLED'],
};

for (const [name, [asked, count, told]] of Object.entries(ROWS)) {
  test(name, (t) => {
    const failures = asked.map((each) => {
      const [cause, gone] = each.split(' ') as [KmsCause, string | undefined];
      return { error: new KmsError(cause, 'failed'), isGone: gone !== undefined };
    });
    t.is(tellingFailure(failures, count).kmsCause, told);
  });
}
