import { Readable } from 'node:stream';

/** More than the longest verification says. Who does not take what is waiting is cut off. */
const MAX_WAITING_BYTES = 2 * 1024 * 1024;

/** JSON values, one in each line, as they come. */
export class LineStream extends Readable {
  #isEnded = false;

  constructor() {
    super({ highWaterMark: MAX_WAITING_BYTES });
  }

  override _read(): void {
    // What there is was pushed already.
  }

  tell(value: object): void {
    if (this.destroyed || this.#isEnded) return;
    if (this.readableLength > MAX_WAITING_BYTES) this.destroy();
    else this.push(`${JSON.stringify(value)}\n`);
  }

  /** The last line. */
  end(value: object): void {
    this.tell(value);
    if (this.destroyed || this.#isEnded) return;
    this.#isEnded = true;
    this.push(null);
  }
}
