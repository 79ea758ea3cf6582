import { BROKER_PEER_SETTINGS } from '../runtime/broker-peer.ts';
import {
  bytes,
  durationMs,
  integer,
  list,
  readConfig,
  type Config,
  type Settings,
} from '../runtime/config.ts';
import { PROCESS_SETTINGS } from '../runtime/process.ts';
import { TRACE_SETTINGS } from '../runtime/trace-settings.ts';

// Plaintext passes here: nothing but this machine may be able to connect.
const LISTEN_ADDRESS = /^(unix:\/[^\0]{1,100}|(127(\.\d{1,3}){3}|\[::1\]|localhost):\d{1,5})$/;

/** Everything a sidecar can be told; docs/configuration.md lists it. */
export const SIDECAR_SETTINGS = {
  listen: list({
    name: 'CMK_LISTEN',
    doc: 'Where services call: unix sockets (`unix:/path`, 0660, the folder is made if missing) and loopback addresses (`127.0.0.1:7443`; port 0 takes a free one).',
    pattern: LISTEN_ADDRESS,
    expects: 'unix:/path or loopback addresses such as 127.0.0.1:7443, between commas',
    default: 'unix:/run/cmk/sidecar.sock',
  }),
  ...BROKER_PEER_SETTINGS,
  brokerDeadlineMs: durationMs({
    name: 'CMK_BROKER_DEADLINE',
    doc: 'How long one request to the broker may take, its one repetition included.',
    min: 100,
    max: 60_000,
    default: '10s',
  }),
  maxStreams: integer({
    name: 'CMK_MAX_STREAMS',
    doc: 'Streams served at a time; further ones are refused with TOO_MANY_STREAMS.',
    min: 1,
    max: 100_000,
    default: '1000',
  }),
  streamIdleMs: durationMs({
    name: 'CMK_STREAM_IDLE',
    doc: 'A stream that moves fewer bytes than CMK_STREAM_MIN_BYTES in a time of this length is ended with STREAM_IDLE. With more than 2m, one that stands still while its asset is sealed again (see `Reencrypt`) may find its data key destroyed.',
    min: 1000,
    max: 3_600_000,
    default: '60s',
  }),
  streamMinBytes: bytes({
    name: 'CMK_STREAM_MIN_BYTES',
    doc: 'The least that a stream must move in each CMK_STREAM_IDLE.',
    min: 1,
    max: 1024 ** 2,
    default: '1KiB',
  }),
  cacheEntries: integer({
    name: 'CMK_KEY_CACHE_ENTRIES',
    doc: 'Data keys kept at a time.',
    min: 1,
    max: 1_000_000,
    default: '1000',
  }),
  cacheUses: integer({
    name: 'CMK_KEY_CACHE_USES',
    doc: 'Streams that one answer of the broker may serve before it is asked again.',
    min: 1,
    max: 1_000_000_000,
    default: '100000',
  }),
  useReportIntervalMs: durationMs({
    name: 'CMK_USE_REPORT_INTERVAL',
    doc: 'How often the uses of cached data keys are reported for the audit ledger. A crash loses those of one such time, which the ledger shows as a gap.',
    min: 100,
    max: 300_000,
    default: '10s',
  }),
  ...TRACE_SETTINGS,
  ...PROCESS_SETTINGS,
} satisfies Settings;

export type SidecarConfig = Config<typeof SIDECAR_SETTINGS>;

/**
 * The sidecar's settings.
 * @throws CmkError CONFIG_INVALID that lists every problem
 */
export function readSidecarConfig(env: NodeJS.ProcessEnv): SidecarConfig {
  return readConfig(SIDECAR_SETTINGS, env);
}
