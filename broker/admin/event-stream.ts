import { Readable } from 'node:stream';
import type { ChangeNote } from '../views/account-events.ts';

/** Who does not take what is waiting is cut off: a watcher that comes again is told what it missed. */
const MAX_WAITING_BYTES = 64 * 1024;

/** Server-sent events, one after another. */
export class EventStream extends Readable {
  #hasEnded = false;

  constructor() {
    super({ highWaterMark: MAX_WAITING_BYTES });
    // How long a browser waits before it comes again, milliseconds.
    this.#write('retry: 3000\n\n');
  }

  override _read(): void {
    // What there is was pushed already.
  }

  tell({ id, topics }: ChangeNote): void {
    this.#write(`id: ${id}\nevent: changed\ndata: ${JSON.stringify({ topics })}\n\n`);
  }

  /** Keeps proxies and sockets from giving up. */
  beat(): void {
    this.#write(':\n\n');
  }

  end(): void {
    if (this.destroyed || this.#hasEnded) return;
    this.#hasEnded = true;
    this.push(null);
  }

  #write(text: string): void {
    if (this.destroyed || this.#hasEnded) return;
    if (this.readableLength > MAX_WAITING_BYTES) this.destroy();
    else this.push(text);
  }
}
