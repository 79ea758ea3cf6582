import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { KmsError } from '../provider.ts';
import { escapeText } from './reference.ts';

/**
 * The PINs of tokens, read from their files at every use. HSMs lock a token after a few wrong PINs, so one that
 * was refused is not tried again until its file is written anew, and a new one is tried by one call at a time.
 */
export class Pins {
  readonly #folder: string | null;
  /** By token: the digest of the PIN that it refused, or took. */
  readonly #refused = new Map<string, string>();
  readonly #taken = new Map<string, string>();
  readonly #trials = new Map<string, Promise<unknown>>();

  constructor(folder: string | null) {
    this.#folder = folder;
  }

  /**
   * Does something that needs the PIN.
   * @param wasRefused whether a failure of `work` is the token's refusal of the PIN
   * @throws KmsError AUTH_FAILED, and whatever `work` throws
   */
  async use<T>(
    token: string,
    work: (pin: string) => Promise<T>,
    wasRefused: (error: unknown) => boolean,
  ): Promise<T> {
    const { pin, writtenAtMs } = await this.#read(token);
    const digest = createHash('sha256').update(`${writtenAtMs} ${pin}`).digest('base64');
    while (this.#taken.get(token) !== digest) {
      if (this.#refused.get(token) === digest) throw refused();
      const trial = this.#trials.get(token);
      if (!trial) break;
      await trial.catch(() => undefined);
    }
    if (this.#taken.get(token) === digest) return this.#note(token, digest, work(pin), wasRefused);
    const trial = this.#note(token, digest, work(pin), wasRefused).finally(() => this.#trials.delete(token));
    this.#trials.set(token, trial);
    return trial;
  }

  async #note<T>(
    token: string,
    digest: string,
    working: Promise<T>,
    wasRefused: (error: unknown) => boolean,
  ): Promise<T> {
    try {
      const result = await working;
      this.#taken.set(token, digest);
      return result;
    } catch (error) {
      if (wasRefused(error)) {
        this.#refused.set(token, digest);
        this.#taken.delete(token);
      } else if (cameLater(error)) this.#taken.set(token, digest);
      throw error;
    }
  }

  async #read(token: string): Promise<{ pin: string; writtenAtMs: number }> {
    if (this.#folder === null) throw new KmsError('AUTH_FAILED', 'CMK_PKCS11_PINS is not set');
    const path = join(this.#folder, escapeText(token));
    let pin: string;
    let writtenAtMs: number;
    try {
      pin = (await readFile(path, 'utf8')).replace(/\r?\n$/, '');
      writtenAtMs = (await stat(path)).mtimeMs;
    } catch (cause) {
      throw new KmsError('AUTH_FAILED', 'the broker has no PIN for this token', { cause });
    }
    if (pin === '') throw new KmsError('AUTH_FAILED', 'the broker’s PIN for this token is empty');
    return { pin, writtenAtMs };
  }
}

/** Whether a failure is of a step after the login. */
function cameLater(error: unknown): boolean {
  return error instanceof KmsError && error.kmsCause !== 'UNREACHABLE' && error.kmsCause !== 'THROTTLED';
}

function refused(): KmsError {
  return new KmsError(
    'AUTH_FAILED',
    'the HSM refused this PIN before; it is not tried again until its file is written anew',
  );
}
