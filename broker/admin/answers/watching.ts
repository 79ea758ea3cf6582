import { SIDECAR_STATES } from '../../model/processes.ts';
import { PROVIDER_NAMES } from '../../model/types.ts';
import { BUCKETS } from '../../views/hours.ts';
import { about, count, flag, listOf, millis, nullable, object, oneOf, ref, text } from '../json-schema.ts';

const kmsCounts = {
  calls: count,
  failures: count,
  throttled: about('Those of the failures that say that it was too much.', count),
  limited: about('Did not leave the broker: its own limits kept them back. Not among the calls.', count),
};

const useCounts = {
  wraps: about('Data keys that were made.', count),
  unwraps: about('Data keys that the KMS unwrapped for a use.', count),
  brokerCache: about('Uses of a data key that a broker had in its cache.', count),
  sidecarCache: about('Uses of a data key that a sidecar had in its cache, as it reported them.', count),
  refused: about(
    'Services were refused. Of a key: what they said did not fit the data key that they named. Who may not at all, or names none that there is, stands in the account’s uses alone.',
    count,
  ),
  failed: about('Could not be served. Of a key: with a data key that there is.', count),
  kms: about('What KMSs were asked, probes and moves included.', object(kmsCounts)),
};

/** What is watched over time, as the API answers it. */
export const WATCHING_ANSWERS = {
  UseCounts: object(useCounts),
  Uses: about(
    'Uses over time, from the first part to the last, those in which nothing happened as well.',
    object({
      bucket: oneOf(BUCKETS),
      from: millis,
      until: about('Not included. UNIX milliseconds.', millis),
      total: ref('UseCounts'),
      buckets: listOf(object({ from: millis, ...useCounts })),
    }),
  ),
  KmsBudget: about(
    'What was asked of KMSs for an account.',
    object({
      from: millis,
      until: millis,
      limits: about(
        'Of each broker: calls a second for one account to one kind of KMS, and its part of a published quota.',
        object({ callsPerSecond: count, quotaSharePercent: count }),
      ),
      brokers: about('Those that are running.', count),
      replicas: listOf(
        object({
          kekId: text,
          provider: oneOf(PROVIDER_NAMES),
          platform: about('Whether it is the provider’s own key: its replicas are told together.', flag),
          reference: nullable(text),
          ...kmsCounts,
          busiestHour: nullable(object({ from: millis, calls: count })),
          quota: about(
            'What the KMS publishes for all who use it there; null: nothing.',
            nullable(
              object({
                scope: text,
                perSecond: { type: 'number' },
                usedPercent: about('By these calls, in the busiest hour.', { type: 'number', minimum: 0 }),
              }),
            ),
          ),
        }),
      ),
    }),
  ),
  Fleet: about(
    'What runs.',
    object({
      at: millis,
      brokers: listOf(
        object({
          id: text,
          host: text,
          version: text,
          startedAt: millis,
          heardAt: millis,
          state: about('SILENT: not heard of for three times as long as usual.', oneOf(['UP', 'SILENT'])),
        }),
      ),
      services: listOf(
        object({
          srvId: text,
          name: text,
          types: listOf(text),
          callers: about('Paths of the SPIFFE ids that may act for it.', listOf(text)),
          sidecars: about(
            'Those that were lent data keys within the last day. Gap: fell silent without having told all uses.',
            object({ live: count, gap: count, ended: count }),
          ),
        }),
      ),
    }),
  ),
  Sidecar: about(
    'A sidecar’s process that was lent data keys within the last day.',
    object({
      instance: text,
      spiffeId: text,
      state: about(
        'LIVE: owes reports of uses. GAP: fell silent with some owing. ENDED: has told all.',
        oneOf(SIDECAR_STATES),
      ),
      heardAt: millis,
      patienceMs: about('After so long without a word it counts as gone.', count),
      coveredUntil: about('Until when all its uses are recorded. UNIX milliseconds.', millis),
      accounts: about('Of how many accounts it was lent data keys.', count),
      services: listOf(text),
    }),
  ),
  AccountHealth: object({ account: ref('Account'), attention: listOf(ref('Attention')) }),
};
