import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import type { AuditEvent, KeyStatus, KeyUse } from '../../api/types.ts';
import { shortReference } from '../../parts/provider.ts';
import { useCause } from '../../parts/cause.tsx';

const STATUS_CHANGE =
  /^(.+): (ENCRYPT|DECRYPT) (UNKNOWN|OK|DEGRADED|FAILED) → (UNKNOWN|OK|DEGRADED|FAILED)(?:: (\w+))?$/;

interface StatusChange {
  readonly reference: string;
  readonly use: KeyUse;
  readonly from: KeyStatus;
  readonly to: KeyStatus;
  readonly cause: string | null;
}

/** What a status event tells; null: it is none. */
export function statusChange({ action, detail }: Pick<AuditEvent, 'action' | 'detail'>): StatusChange | null {
  if (action !== 'STATUS') return null;
  const [, reference, use, from, to, cause] = STATUS_CHANGE.exec(detail ?? '') ?? [];
  if (reference === undefined) return null;
  return {
    reference,
    use: use as KeyUse,
    from: from as KeyStatus,
    to: to as KeyStatus,
    cause: cause ?? null,
  };
}

/** Details of administrative acts that people meet often, by how the ledger words them. */
const ACTS: readonly (readonly [RegExp, (t: TFunction, parts: readonly string[]) => string])[] = [
  [
    /^put account: licence (ACCOUNT|GROUPS|NONE)$/,
    (t, [licence]) => t('did.licence', { licence: t(`licence.${licence as 'NONE'}`) }),
  ],
  [/^enrol (\d{4}) (\w+)$/, (t, [, type]) => t('did.enrolType', { type })],
  [/^end enrolment of (\d{4}) (\w+)$/, (t, [, type]) => t('did.endType', { type })],
  [/^enrol key (\S+)$/, (t, [key]) => t('did.enrolKey', { key: shortReference(key ?? '') })],
  [/^enrol key ((?:\S+, )+\S+)$/, (t, [keys]) => t('did.enrolKey', { key: shortened(keys ?? '') })],
  [/^verify key (\S+): it passes$/, (t, [key]) => t('did.verified', { key: shortReference(key ?? '') })],
  [
    /^verify key (\S+): ([A-Z_]+): /,
    (t, [key, cause]) => t('did.notVerified', { key: shortReference(key ?? ''), cause }),
  ],
  [
    /^retire key (\S+): (\d+) data keys become unreadable$/,
    (t, [key, number]) => t('did.retired', { key: shortReference(key ?? ''), number }),
  ],
  [/^bring back key (\S+) as (\w+)$/, (t, [key]) => t('did.restored', { key: shortReference(key ?? '') })],
  [/^put contacts: (\d+) addresses$/, (t, [number]) => t('did.contacts', { number })],
  [/^send a test alert$/, (t) => t('did.testAlert')],
  [
    /^lease of (\d{4}) (\w+): (\d+) s, before: (\d+) s$/,
    (t, [, type, seconds, before]) => t('did.lease', { type, seconds, before }),
  ],
  [/^revoke now$/, (t) => t('did.revoke')],
  [
    /^signed in to the portal as (ADMINISTRATOR|AUDITOR|OPERATOR)$/,
    (t, [role]) => t('did.signIn', { role: t(`role.${role as 'AUDITOR'}`) }),
  ],
  [/^signed out of the portal$/, () => ''],
  [
    /^instance ([0-9a-f]{8})\S*, report (\d+)$/,
    (t, [instance, number]) => t('did.report', { instance, number }),
  ],
];

const shortened = (references: string): string => references.split(', ').map(shortReference).join(', ');

/** What a record says beyond its kind, in the language of the page as far as it is known; null: nothing. */
export function useDetail(event: AuditEvent): { readonly text: string; readonly isEnglish: boolean } | null {
  const { t, i18n } = useTranslation();
  const causeIn = useCause();
  const { detail } = event;
  if (detail === null || detail === '') return null;
  if (i18n.exists(`chosen.${detail}`))
    return { text: t(`chosen.${detail as 'OWNER_COVERED'}`), isEnglish: false };
  const inWords = wordsOf(event, detail, t, causeIn);
  if (inWords === '') return null;
  return { text: inWords ?? detail, isEnglish: inWords === null };
}

function wordsOf(
  event: AuditEvent,
  detail: string,
  t: TFunction,
  causeIn: (code: string | null) => string,
): string | null {
  const change = statusChange(event);
  if (change) {
    const { reference, use, from, to, cause } = change;
    const facts = {
      key: shortReference(reference),
      use: t(`use.${use}`),
      from: t(`status.${from}`),
      to: t(`status.${to}`),
    };
    return `${t('did.status', facts)} ${causeIn(cause)}`.trim();
  }
  const [, code] = /^([A-Z_]+)(?:: .*)?$/s.exec(detail) ?? [];
  if (code !== undefined && causeIn(code) !== code) return causeIn(code);
  for (const [pattern, words] of ACTS) {
    const found = pattern.exec(detail);
    if (found) return words(t, found.slice(1));
  }
  return null;
}
