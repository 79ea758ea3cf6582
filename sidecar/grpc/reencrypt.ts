import { Opener } from '../../core/opener.ts';
import { DEFAULT_FRAME_BYTES } from '../../core/message-format.ts';
import { Sealer } from '../../core/sealer.ts';
import type { KeyLease } from '../key-lease.ts';
import type { SidecarMetrics } from '../metrics.ts';
import { countRefusals, nextPiece, readHeader, resolveHeader, type OpeningParts } from './decrypt.ts';
import type { OutputBuffer } from './output-buffer.ts';
import { readStart, release } from './requests.ts';
import type { ScratchBuffer } from './scratch-buffer.ts';
import { startedMessage } from './started.ts';
import type { Stream, StreamHandler } from './stream-server.ts';

type Parts = OpeningParts & {
  readonly output: OutputBuffer;
  readonly scratch: ScratchBuffer;
  readonly metrics: SidecarMetrics;
};

/** Seals a sealed stream again: sidecar.proto, `Reencrypt`. */
export function reencryptHandler(parts: Parts): StreamHandler {
  return countRefusals(parts.metrics, (stream) => reencrypt(stream, parts));
}

async function reencrypt(stream: Stream, parts: Parts): Promise<void> {
  const start = readStart(await stream.receive(), { ownerRequired: false });
  const { header, rest } = await readHeader(stream);
  const answered = parts.metrics.streamStarting('reencrypt');
  const old = await resolveHeader(header, start, stream, parts);
  try {
    const opener = new Opener(header, old.dataKey);
    const next = await parts.dataKeys.issueNext(start, header, stream.signal);
    try {
      stream.send(startedMessage(next));
      answered(old.source === 'cache' ? next.source : old.source);
      await sealAgain(stream, { opener, old, next, rest }, parts);
    } finally {
      next[Symbol.dispose]();
    }
  } finally {
    old[Symbol.dispose]();
  }
}

interface Work {
  readonly opener: Opener;
  /** For opening. */
  readonly old: KeyLease;
  /** For sealing. */
  readonly next: KeyLease;
  readonly rest: Buffer;
}

async function sealAgain(stream: Stream, { opener, old, next, rest }: Work, parts: Parts): Promise<void> {
  const { output, scratch, metrics } = parts;
  const sealer = new Sealer({
    dataKey: next.dataKey,
    context: next.facts.encryptionContext,
    encryptedDataKeys: next.facts.encryptedDataKeys,
    frameBytes: DEFAULT_FRAME_BYTES,
  });
  const { header } = sealer;
  header.copy(output.reserve(header.length), output.start);
  stream.send(output.message(header.length));

  for (let piece: Buffer | null = rest; piece; piece = await nextPiece(stream)) {
    await untilAllowed(stream, old, next);
    const sealed = piece;
    // What is written here was authenticated, frame by frame, also when the next one turns out to be damaged.
    scratch.lend(opener.updateBytes(sealed.length), (room) => {
      const plaintext = room.subarray(0, opener.update(sealed, room, 0));
      const out = output.reserve(sealer.updateBytes(plaintext.length));
      const written = sealer.update(plaintext, out, output.start);
      if (written > 0) stream.send(output.message(written));
      metrics.streamBytes('reencrypt', plaintext.length);
    });
    release(sealed);
  }
  // Before the final frame is made: without one what went out can never be taken for complete.
  opener.final();

  await untilAllowed(stream, old, next);
  stream.send(output.message(sealer.final(output.reserve(sealer.finalBytes()), output.start)));
}

/** Waits for room, and asks for the right to use either key again when it has run out. */
async function untilAllowed(stream: Stream, old: KeyLease, next: KeyLease): Promise<void> {
  await stream.room();
  // Renewing one takes time in which the other may run out.
  while (!old.isCurrent() || !next.isCurrent()) {
    if (!old.isCurrent()) await old.renew(stream.signal);
    if (!next.isCurrent()) await next.renew(stream.signal);
  }
}
