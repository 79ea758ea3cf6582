import { CmkError } from '../../core/errors.ts';
import type { HourSpan } from '../store/store.ts';

export const HOUR_MS = 3_600_000;

/** How long the parts of a time span are. */
export const BUCKETS = ['hour', 'day'] as const;
export type Bucket = (typeof BUCKETS)[number];

const BUCKET_HOURS: Readonly<Record<Bucket, number>> = { hour: 1, day: 24 };
/** Parts that one answer has at the most: a month of hours, two years of days. */
const MAX_BUCKETS = 744;
const USUAL_BUCKETS: Readonly<Record<Bucket, number>> = { hour: 24, day: 30 };

/** A time span of whole buckets, which begin at multiples of UTC hours or days. */
export interface BucketSpan extends HourSpan {
  readonly bucketHours: number;
}

/** The hours that a time span touches. @param untilMs included */
function hoursOf(fromMs: number, untilMs: number): HourSpan {
  return { fromHour: Math.floor(fromMs / HOUR_MS), untilHour: Math.floor(untilMs / HOUR_MS) + 1 };
}

/** The last whole day of hours, and the one that has begun. */
export function lastDay(nowMs: number): HourSpan {
  return hoursOf(nowMs - 24 * HOUR_MS, nowMs);
}

/**
 * The buckets that a time span touches.
 * @param asked UNIX milliseconds; default: a day of hours or 30 days, up to now
 * @throws CmkError INVALID_ARGUMENT for a span that ends before it begins, or has too many buckets
 */
export function bucketsOf(
  bucket: Bucket,
  asked: { readonly from?: number | undefined; readonly until?: number | undefined },
  nowMs: number,
): BucketSpan {
  const bucketHours = BUCKET_HOURS[bucket];
  const until = asked.until ?? nowMs;
  const from = asked.from ?? until - USUAL_BUCKETS[bucket] * bucketHours * HOUR_MS;
  if (from > until) throw invalid('until', 'a time at or after from');
  const [first, last] = [from, until].map((ms) => Math.floor(ms / HOUR_MS / bucketHours)) as [number, number];
  if (last - first >= MAX_BUCKETS) throw invalid('from', `at most ${MAX_BUCKETS} ${bucket}s before until`);
  return { fromHour: first * bucketHours, untilHour: (last + 1) * bucketHours, bucketHours };
}

/** The beginning of each bucket, in hours. */
export function hoursIn({ fromHour, untilHour, bucketHours }: BucketSpan): number[] {
  return Array.from(
    { length: (untilHour - fromHour) / bucketHours },
    (_, index) => fromHour + index * bucketHours,
  );
}

function invalid(field: string, expected: string): CmkError {
  return new CmkError('INVALID_ARGUMENT', `${field}: expected ${expected}`, { metadata: { field } });
}
