import type { Clock } from '../../runtime/clock.ts';
import type { AuditEvent } from '../model/types.ts';
import { uuidv7 } from '../model/uuid.ts';

/** What an event must say; the rest is null unless it is given. */
export type AuditFacts = Pick<AuditEvent, 'action' | 'outcome' | 'actor'> & Partial<AuditEvent>;

/** Texts that outsiders have a hand in are cut to this many characters. */
const MAX_TEXT = 1_000;

/** An event of now, with an id of its own. */
export function auditEvent(clock: Pick<Clock, 'wallMs'>, facts: AuditFacts): AuditEvent {
  const at = Math.trunc(clock.wallMs());
  return {
    id: uuidv7(at),
    at,
    account: null,
    asset: null,
    reason: null,
    dataKeyId: null,
    kekId: null,
    source: null,
    operation: null,
    count: null,
    from: null,
    until: null,
    ...facts,
    actor: plain(facts.actor),
    detail: facts.detail == null ? null : plain(facts.detail),
  };
}

/** One line without control characters and halves of characters: a peer's certificate cannot write lines of its own into a log. */
function plain(text: string): string {
  return text.slice(0, MAX_TEXT).replace(/[\p{Cc}\p{Cs}]/gu, '\u{fffd}');
}
