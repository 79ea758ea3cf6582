import test from 'ava';
import { ACCESS_RULES, type AccessRule } from '../../../broker/model/principal.ts';
import { decideAccess } from '../../../broker/policy/decide-access.ts';
import { principal } from '../../support/admin-world.ts';

type Asked = Exclude<AccessRule, 'PUBLIC'>;
const RULES = ACCESS_RULES.filter((rule): rule is Asked => rule !== 'PUBLIC');

const WHO = {
  'the operator': principal('OPERATOR', null),
  'an operator of acme alone': principal('OPERATOR', 'acme'),
  'its administrator': principal('ADMINISTRATOR', 'acme'),
  'its auditor': principal('AUDITOR', 'acme'),
  'an administrator of no account': principal('ADMINISTRATOR', null),
  'an auditor of no account': principal('AUDITOR', null),
};

/** Of READ, ADMINISTER, OPERATE and ANY: `+` allowed, `-` not for this role, `0` there is no such account. */
const TABLE: Record<keyof typeof WHO, Record<'acme' | 'globex' | 'no account', string>> = {
  'the operator': { acme: '++++', globex: '++++', 'no account': '++++' },
  'an operator of acme alone': { acme: '++++', globex: '0000', 'no account': '---+' },
  'its administrator': { acme: '++-+', globex: '0000', 'no account': '---+' },
  'its auditor': { acme: '+--+', globex: '0000', 'no account': '---+' },
  'an administrator of no account': { acme: '0000', globex: '0000', 'no account': '---+' },
  'an auditor of no account': { acme: '0000', globex: '0000', 'no account': '---+' },
};

const SIGNS = { ALLOWED: '+', ROLE_INSUFFICIENT: '-', ACCOUNT_UNKNOWN: '0' };

for (const [who, rows] of Object.entries(TABLE)) {
  for (const [account, expected] of Object.entries(rows)) {
    test(`${who}, about ${account}`, (t) => {
      const decide = (rule: Asked) =>
        decideAccess(WHO[who as keyof typeof WHO], rule, account === 'no account' ? null : account);
      t.is(RULES.map((rule) => SIGNS[decide(rule)]).join(''), expected);
    });
  }
}
