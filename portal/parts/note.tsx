import {
  IconAlertTriangle,
  IconCircleCheck,
  IconInfoCircle,
  IconInbox,
  IconAlertOctagon,
} from '@tabler/icons-react';
import type { ReactNode } from 'react';

export type NoteTone = 'info' | 'ok' | 'warn' | 'bad';

const ICONS = {
  info: IconInfoCircle,
  ok: IconCircleCheck,
  warn: IconAlertTriangle,
  bad: IconAlertOctagon,
} as const;

interface NoteProps {
  readonly tone?: NoteTone;
  readonly title?: string;
  readonly children?: ReactNode;
  /** Read out when it appears. */
  readonly live?: boolean;
}

/** Something to know before going on. */
export function Note({ tone = 'info', title, children, live = false }: NoteProps) {
  const Icon = ICONS[tone];
  return (
    <div className="note" data-tone={tone} {...(live && { role: tone === 'bad' ? 'alert' : 'status' })}>
      <Icon size={20} aria-hidden />
      <div className="stack-s">
        {title !== undefined && <p className="strong">{title}</p>}
        {children}
      </div>
    </div>
  );
}

/** There is nothing yet, and what to do about it. */
export function Empty({
  title,
  children,
  action,
}: {
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className="empty">
      <IconInbox size={28} aria-hidden className="muted" />
      <p className="strong">{title}</p>
      {children !== undefined && <p>{children}</p>}
      {action !== undefined && <div className="actions">{action}</div>}
    </div>
  );
}
