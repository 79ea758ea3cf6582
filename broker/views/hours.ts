import type { HourSpan } from '../store/store.ts';

export const HOUR_MS = 3_600_000;

/** The hours that a time span touches. @param untilMs included */
export function hoursOf(fromMs: number, untilMs: number): HourSpan {
  return { fromHour: Math.floor(fromMs / HOUR_MS), untilHour: Math.floor(untilMs / HOUR_MS) + 1 };
}

/** The last whole day of hours, and the one that has begun. */
export function lastDay(nowMs: number): HourSpan {
  return hoursOf(nowMs - 24 * HOUR_MS, nowMs);
}
