import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pkcs11Settings, type Pkcs11Config } from '../../broker/kms/pkcs11/config.ts';
import { readConfig } from '../../runtime/config.ts';
import type { KmsFault } from '../contracts/kms-fault-table.ts';

const TOKEN = 'acme';
const PIN = '246802468';

/** What emulated-hsm-process.ts reads anew at each call. */
export interface HsmState {
  readonly pin: string;
  readonly fault: KmsFault | null;
  /** By label. */
  readonly keys: Readonly<Record<string, EmulatedKey>>;
}

export interface EmulatedKey {
  /** 32 bytes, hexadecimal. */
  readonly material: string;
  readonly isAes256: boolean;
  readonly allowed: boolean;
}

/** An HSM without hardware or library: a file that processes with emulated-hsm-process.ts follow. */
export class EmulatedHsm {
  static readonly script = new URL('./emulated-hsm-process.ts', import.meta.url);
  readonly #folder = mkdtempSync(join(tmpdir(), 'cmk-hsm-'));
  /** Stands in the command line of each process. */
  readonly statePath = join(this.#folder, 'state.json');

  constructor() {
    this.#write({ pin: PIN, fault: null, keys: {} });
  }

  /** Settings that lead here; `pin`: what the broker's file says. */
  config(pin = PIN): Pkcs11Config {
    const pkcs11PinFolder = mkdtempSync(join(this.#folder, 'pins-'));
    writeFileSync(join(pkcs11PinFolder, TOKEN), `${pin}\n`, { mode: 0o600 });
    const defaults = readConfig(pkcs11Settings, {});
    return { ...defaults, pkcs11ModulePath: this.statePath, pkcs11PinFolder, pkcs11Processes: 2 };
  }

  /** @returns the key's URI */
  createKey(label: string, isAes256 = true): string {
    this.#putKey(label, { material: randomBytes(32).toString('hex'), isAes256, allowed: true });
    return `pkcs11:token=${TOKEN};object=${label}`;
  }

  setUsage(uri: string, allowed: boolean): void {
    const [, label = ''] = /object=([^;]+)/.exec(uri) ?? [];
    const key = this.#read().keys[label];
    if (!key) throw new Error(`expected a key ${label}`);
    this.#putKey(label, { ...key, allowed });
  }

  setFault(fault: KmsFault | null): void {
    this.#write({ ...this.#read(), fault });
  }

  close(): void {
    rmSync(this.#folder, { recursive: true });
  }

  #putKey(label: string, key: EmulatedKey): void {
    const state = this.#read();
    this.#write({ ...state, keys: { ...state.keys, [label]: key } });
  }

  #read(): HsmState {
    return JSON.parse(readFileSync(this.statePath, 'utf8')) as HsmState;
  }

  #write(state: HsmState): void {
    writeFileSync(this.statePath, JSON.stringify(state));
  }
}
