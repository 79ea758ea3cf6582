/** What is needed of an `EventSource`. */
export interface Source {
  /** 2: closed for good, as after an answer that is no stream. */
  readonly readyState: number;
  addEventListener(type: 'open' | 'error' | 'changed', listener: () => void): void;
  close(): void;
}

interface FollowOptions {
  readonly open: () => Source;
  /** Runs something later; what it returns calls that off. */
  readonly schedule: (afterMs: number, run: () => void) => () => void;
  /** From 0 to 1. */
  readonly random: () => number;
  /** Something is not as it was, or may not be: nobody was listening for a while. */
  readonly onChanged: () => void;
  readonly onLive: (isLive: boolean) => void;
}

const CLOSED = 2;
const FIRST_WAIT_MS = 1_000;
const LAST_WAIT_MS = 60_000;
/** How long a stream may be away before that is said. */
const PATIENCE_MS = 10_000;

/**
 * Follows a stream of changes for as long as it is wanted. A browser opens a stream again that broke off, but not one that
 * was refused, as while a server starts again or is busy: this opens it again after waits that double up to a minute, each
 * shortened by chance up to a half, so that not all come at once.
 * @returns ends it
 */
export function followEvents(options: FollowOptions): () => void {
  const { schedule, random, onChanged, onLive } = options;
  let refusals = 0;
  let ended = false;
  let source: Source | null = null;
  let callOffRetry: (() => void) | null = null;
  let callOffDoubt: (() => void) | null = null;

  const doubt = () => {
    callOffDoubt ??= schedule(PATIENCE_MS, () => onLive(false));
  };
  const connect = () => {
    doubt();
    const opened = options.open();
    const isAgain = source !== null;
    source = opened;
    opened.addEventListener('open', () => {
      callOffDoubt?.();
      callOffDoubt = null;
      refusals = 0;
      onLive(true);
      // A new stream does not know what the one before missed.
      if (isAgain) onChanged();
    });
    opened.addEventListener('changed', onChanged);
    opened.addEventListener('error', () => {
      if (ended || opened !== source) return;
      doubt();
      if (opened.readyState !== CLOSED) return;
      const waitMs = Math.min(LAST_WAIT_MS, FIRST_WAIT_MS * 2 ** refusals);
      refusals++;
      callOffRetry = schedule(waitMs * (1 - random() / 2), connect);
    });
  };
  connect();
  return () => {
    ended = true;
    callOffRetry?.();
    callOffDoubt?.();
    source?.close();
  };
}
