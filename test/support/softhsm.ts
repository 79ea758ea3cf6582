import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pkcs11Settings, type Pkcs11Config } from '../../broker/kms/pkcs11/config.ts';
import { readConfig } from '../../runtime/config.ts';

export const TOKEN = 'acme';
const PIN = '246802468';
const SO_PIN = '135791357';
/** Where Debian and others put the library. */
const LIBRARIES = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/lib64/pkcs11/libsofthsm2.so',
  '/usr/local/lib/softhsm/libsofthsm2.so',
];

/** @throws Error that says what to install */
function softHsmLibrary(): string {
  const library = LIBRARIES.find((path) => existsSync(path));
  if (library === undefined) {
    throw new Error('expected SoftHSM 2 (Debian: apt-get install softhsm2), found no libsofthsm2.so');
  }
  return library;
}

export type KeyKind = 'aes-256' | 'aes-128' | 'des3' | 'extractable' | 'readable';

/** A SoftHSM of its own with one token; as its owner works on it, in other processes. */
export class SoftHsm {
  readonly library = softHsmLibrary();
  readonly #folder = mkdtempSync(join(tmpdir(), 'cmk-softhsm-'));
  readonly #environment: Record<string, string>;

  constructor() {
    mkdirSync(join(this.#folder, 'tokens'));
    const conf = join(this.#folder, 'softhsm2.conf');
    writeFileSync(conf, `directories.tokendir = ${join(this.#folder, 'tokens')}\nlog.level = ERROR\n`);
    this.#environment = { SOFTHSM2_CONF: conf };
    // The library reads it in the processes that the provider starts.
    process.env['SOFTHSM2_CONF'] = conf;
    const args = ['--init-token', '--free', '--label', TOKEN, '--pin', PIN, '--so-pin', SO_PIN];
    execFileSync('softhsm2-util', args, { env: { ...process.env, ...this.#environment }, stdio: 'pipe' });
  }

  /** Settings that lead here; `pin`: what the broker's file says. */
  config(pin = PIN): Pkcs11Config {
    const pins = mkdtempSync(join(this.#folder, 'pins-'));
    writeFileSync(join(pins, TOKEN), `${pin}\n`, { mode: 0o600 });
    return {
      ...readConfig(pkcs11Settings, {}),
      pkcs11ModulePath: this.library,
      pkcs11PinFolder: pins,
      pkcs11Processes: 2,
    };
  }

  /** @returns the key's URI */
  createKey(label: string, kind: KeyKind = 'aes-256'): string {
    this.#administer('create', label, kind);
    return `pkcs11:token=${TOKEN};object=${label}`;
  }

  setUsage(uri: string, allowed: boolean): void {
    this.#administer('allow', labelOf(uri), String(allowed));
  }

  destroyKey(uri: string): void {
    this.#administer('destroy', labelOf(uri));
  }

  /** The tokens are gone, as when a cable is pulled, until the returned function. */
  unplug(): () => void {
    const tokens = join(this.#folder, 'tokens');
    renameSync(tokens, `${tokens}-unplugged`);
    mkdirSync(tokens);
    return () => {
      rmSync(tokens, { recursive: true });
      renameSync(`${tokens}-unplugged`, tokens);
    };
  }

  close(): void {
    rmSync(this.#folder, { recursive: true });
  }

  #administer(...args: string[]): void {
    const script = join(import.meta.dirname, 'softhsm-admin.ts');
    execFileSync(process.execPath, [script, this.library, TOKEN, PIN, ...args], {
      env: { ...process.env, ...this.#environment },
      stdio: 'pipe',
    });
  }
}

function labelOf(uri: string): string {
  return /object=([^;]+)/.exec(uri)?.[1] ?? '';
}

/**
 * Processes of this one that have loaded an HSM's library, by id.
 * @param mark what their command line holds
 */
export function hsmProcesses(mark = 'hsm-process'): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        // The name may hold spaces and brackets; what follows it is state and parent.
        const [, state, parent] = /\) (\w) (\d+) /.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
        const ours = Number(parent) === process.pid && state !== 'Z';
        return ours && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(mark);
      } catch {
        return false;
      }
    })
    .map(Number);
}
