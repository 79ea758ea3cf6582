import { DEFAULT_FRAME_BYTES } from '../../core/message-format.ts';
import { Sealer } from '../../core/sealer.ts';
import type { DataKeys } from '../data-keys.ts';
import type { KeyLease } from '../key-lease.ts';
import type { SidecarMetrics } from '../metrics.ts';
import type { OutputBuffer } from './output-buffer.ts';
import { readData, readStart, release } from './requests.ts';
import { startedMessage } from './started.ts';
import type { Stream, StreamHandler } from './stream-server.ts';

/** Seals a stream: sidecar.proto, `Encrypt`. */
export function encryptHandler(parts: {
  dataKeys: DataKeys;
  output: OutputBuffer;
  metrics: SidecarMetrics;
}): StreamHandler {
  return async (stream) => {
    const start = readStart(await stream.receive(), { ownerRequired: true });
    const answered = parts.metrics.streamStarting('seal');
    const lease = await parts.dataKeys.issue(start, stream.signal);
    try {
      stream.send(startedMessage(lease));
      answered(lease.source);
      await seal(stream, lease, parts);
    } finally {
      lease[Symbol.dispose]();
    }
  };
}

async function seal(
  stream: Stream,
  lease: KeyLease,
  { output, metrics }: { output: OutputBuffer; metrics: SidecarMetrics },
): Promise<void> {
  const { dataKey, facts } = lease;
  const sealer = new Sealer({
    dataKey,
    context: facts.encryptionContext,
    encryptedDataKeys: facts.encryptedDataKeys,
    frameBytes: DEFAULT_FRAME_BYTES,
  });
  const { header } = sealer;
  header.copy(output.reserve(header.length), output.start);
  stream.send(output.message(header.length));

  for (let message = await stream.receive(); message; message = await stream.receive()) {
    const piece = readData(message);
    await stream.room();
    if (!lease.isCurrent()) await lease.renew(stream.signal);
    const written = sealer.update(piece, output.reserve(sealer.updateBytes(piece.length)), output.start);
    if (written > 0) stream.send(output.message(written));
    metrics.streamBytes('seal', piece.length);
    release(piece);
  }

  await stream.room();
  if (!lease.isCurrent()) await lease.renew(stream.signal);
  stream.send(output.message(sealer.final(output.reserve(sealer.finalBytes()), output.start)));
}
