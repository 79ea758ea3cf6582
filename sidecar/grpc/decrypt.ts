import { isContextOf } from '../../core/encryption-context.ts';
import { CmkError, toCmkError } from '../../core/errors.ts';
import { HeaderReader, type Header } from '../../core/header.ts';
import { Opener } from '../../core/opener.ts';
import { findBrokerDataKey } from '../../core/reference.ts';
import type { DataKeys } from '../data-keys.ts';
import type { KeyLease } from '../key-lease.ts';
import type { SidecarMetrics } from '../metrics.ts';
import type { OutputBuffer } from './output-buffer.ts';
import { notAuthorized, readData, readStart, release, type Start } from './requests.ts';
import { startedMessage } from './started.ts';
import type { Stream, StreamHandler } from './stream-server.ts';

/** What opening a file needs. */
export interface OpeningParts {
  readonly dataKeys: DataKeys;
  readonly metrics: SidecarMetrics;
}

type Parts = OpeningParts & { readonly output: OutputBuffer };

/** Opens a sealed stream: sidecar.proto, `Decrypt`. */
export function decryptHandler(parts: Parts): StreamHandler {
  return countRefusals(parts.metrics, (stream) => decrypt(stream, parts));
}

/** Counts the sealed files that did not open. */
export function countRefusals(metrics: SidecarMetrics, handler: StreamHandler): StreamHandler {
  return async (stream) => {
    try {
      await handler(stream);
    } catch (error) {
      const { code } = toCmkError(error);
      if (code === 'AUTHENTICATION_FAILED' || code === 'MALFORMED' || code === 'TRUNCATED') {
        metrics.authenticationFailed(code);
      }
      throw error;
    }
  };
}

async function decrypt(stream: Stream, parts: Parts): Promise<void> {
  const start = readStart(await stream.receive(), { ownerRequired: false });
  const { header, rest } = await readHeader(stream);
  const answered = parts.metrics.streamStarting('open');
  const lease = await resolveHeader(header, start, stream, parts);
  try {
    const opener = new Opener(header, lease.dataKey);
    stream.send(startedMessage(lease));
    answered(lease.source);
    await open(stream, { opener, lease, rest }, parts);
  } finally {
    lease[Symbol.dispose]();
  }
}

/** The header, and what of its last piece follows it. */
export async function readHeader(stream: Stream): Promise<{ header: Header; rest: Buffer }> {
  const reader = new HeaderReader();
  for (let message = await stream.receive(); message; message = await stream.receive()) {
    const piece = readData(message);
    const complete = reader.push(piece);
    if (complete)
      return { header: complete.header, rest: piece.subarray(piece.length - complete.rest.length) };
  }
  reader.end();
  throw new CmkError('INTERNAL', 'a header that has ended is either complete or truncated');
}

/** The header's context decides whose file this is. It is checked again: by the broker, and under the header's tag. */
export async function resolveHeader(
  header: Header,
  { asset, reason }: Start,
  stream: Stream,
  { dataKeys, metrics }: OpeningParts,
): Promise<KeyLease> {
  const named = { ...findBrokerDataKey(header), context: header.context };
  if (!isContextOf(header.context, asset)) {
    metrics.authorizationDenied('OTHER_ASSET');
    // For the audit event alone: the answer is the same when the broker cannot be reached.
    await dataKeys.askToBeRefused(asset, reason, named).catch(() => undefined);
    throw notAuthorized('the header’s context is another asset’s');
  }
  return dataKeys.resolve(asset, reason, named, stream.signal);
}

async function open(
  stream: Stream,
  { opener, lease, rest }: { opener: Opener; lease: KeyLease; rest: Buffer },
  { output, metrics }: Parts,
): Promise<void> {
  for (let piece: Buffer | null = rest; piece; piece = await nextPiece(stream)) {
    await stream.room();
    if (!lease.isCurrent()) await lease.renew(stream.signal);
    const opened = opener.update(piece, output.reserve(opener.updateBytes(piece.length)), output.start);
    if (opened > 0) stream.send(output.message(opened));
    metrics.streamBytes('open', opened);
    release(piece);
  }
  opener.final();
}

export async function nextPiece(stream: Stream): Promise<Buffer | null> {
  const message = await stream.receive();
  return message && readData(message);
}
