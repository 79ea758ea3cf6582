import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleDashed,
  IconCircleX,
  IconClock,
  IconInfoCircle,
} from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { KeyStatus, Lifecycle, MoveState, Outcome, Protection } from '../api/types.ts';

export type Tone = 'ok' | 'warn' | 'bad' | 'info' | 'muted';

const ICONS = {
  ok: IconCircleCheck,
  warn: IconAlertTriangle,
  bad: IconCircleX,
  info: IconInfoCircle,
  muted: IconCircleDashed,
} as const;

/** A state in a word and a sign; the colour only underlines it. A state that only a newer release knows has no tone. */
export function Badge({ tone = 'muted', children }: { readonly tone?: Tone; readonly children: string }) {
  const Icon = ICONS[tone];
  return (
    <span className="badge" data-tone={tone}>
      <Icon size={15} aria-hidden />
      {children}
    </span>
  );
}

const STATUS_TONES: Readonly<Record<KeyStatus, Tone>> = {
  OK: 'ok',
  DEGRADED: 'warn',
  FAILED: 'bad',
  UNKNOWN: 'muted',
};
export function StatusBadge({ status }: { readonly status: KeyStatus }) {
  const { t } = useTranslation();
  return <Badge tone={STATUS_TONES[status]}>{t(`status.${status}`)}</Badge>;
}

const LIFECYCLE_TONES: Readonly<Record<Lifecycle, Tone>> = {
  PENDING: 'muted',
  STANDBY: 'info',
  ACTIVE: 'ok',
  DECRYPT_ONLY: 'info',
  RETIRED: 'muted',
};
export function LifecycleBadge({ lifecycle }: { readonly lifecycle: Lifecycle }) {
  const { t } = useTranslation();
  return <Badge tone={LIFECYCLE_TONES[lifecycle]}>{t(`lifecycle.${lifecycle}`)}</Badge>;
}

const OUTCOME_TONES: Readonly<Record<Outcome, Tone>> = { ALLOWED: 'ok', REFUSED: 'bad', FAILED: 'warn' };
export function OutcomeBadge({ outcome }: { readonly outcome: Outcome }) {
  const { t } = useTranslation();
  return <Badge tone={OUTCOME_TONES[outcome]}>{t(`outcome.${outcome}`)}</Badge>;
}

const PROTECTION_TONES: Readonly<Record<Protection, Tone>> = {
  CUSTOMER_KEY: 'ok',
  FALLBACK_KEY: 'warn',
  PLATFORM_KEY: 'muted',
};
export function ProtectionBadge({ protection }: { readonly protection: Protection }) {
  const { t } = useTranslation();
  return <Badge tone={PROTECTION_TONES[protection]}>{t(`protection.${protection}`)}</Badge>;
}

export function MoveBadge({ state, waits }: { readonly state: MoveState; readonly waits: boolean }) {
  const { t } = useTranslation();
  if (state === 'RUNNING' && waits) return <Badge tone="warn">{t('moves.waits')}</Badge>;
  if (state === 'PAUSED') {
    return (
      <span className="badge" data-tone="warn">
        <IconClock size={15} aria-hidden />
        {t('moves.state.PAUSED')}
      </span>
    );
  }
  const tone = state === 'DONE' ? 'ok' : state === 'RUNNING' ? 'info' : 'muted';
  return <Badge tone={tone}>{t(`moves.state.${state}`)}</Badge>;
}
