import { X509Certificate } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTestCa, type Leaf, type LeafOptions, type TestCa } from '../../sandbox/ca.ts';
import { metricIn, scrape } from '../../sandbox/scrape.ts';
import { eventually } from './eventually.ts';

/** Longer than processes take to look at their files again. */
const SEEN_WITHIN_MS = 20_000;
/** The one that signs now, the one that did before, and the one that will. */
const AUTHORITIES = 3;

/** A process whose certificate is renewed. */
export interface Renewed {
  readonly name: string;
  /** Its folder: cert.pem, key.pem, ca.pem. */
  readonly dir: string;
  readonly statusUrl: string;
  readonly leaf: LeafOptions;
}

/** What may be found of a renewal that is half done. */
const TEARS = ['cut short', 'another key', 'missing', 'none'] as const;
type Tear = (typeof TEARS)[number];

/** An issuer of short-lived certificates that takes another authority at each turn. */
export class Rotation {
  readonly #lifeMs: number;
  readonly #authorities: TestCa[];
  turns = 0;
  torn = 0;

  constructor(first: TestCa, lifeMs: number) {
    this.#lifeMs = lifeMs;
    this.#authorities = [first];
  }

  /** Whom everybody trusts at this turn, PEM. */
  get bundle(): string {
    return this.#authorities.map(({ caPem }) => caPem).join('');
  }

  /** By the authority of this turn, for the length of a certificate's life. */
  issue(leaf: LeafOptions, lifeMs = this.#lifeMs): Promise<Leaf> {
    const signer = this.#authorities.at(-2) ?? this.#authorities[0];
    if (!signer) throw new Error('no authority');
    const now = Date.now();
    return signer.issue({ ...leaf, notBefore: new Date(now - 5_000), notAfter: new Date(now + lifeMs) });
  }

  /** Trusts one authority more and the oldest no more, renews everybody's certificate, and waits until all are in use. */
  async turn(processes: readonly Renewed[]): Promise<void> {
    this.#authorities.push(await createTestCa(`turn ${++this.turns}`));
    if (this.#authorities.length > AUTHORITIES) this.#authorities.shift();
    await Promise.all(
      processes.map((process, index) =>
        this.#renew(process, TEARS[(this.turns + index) % TEARS.length] ?? 'none'),
      ),
    );
  }

  async #renew(process: Renewed, tear: Tear): Promise<void> {
    if (tear !== 'none') {
      const before = await rejected(process);
      await this.#write(process, await this.issue(process.leaf), tear);
      await eventually(async () => (await rejected(process)) > before, SEEN_WITHIN_MS);
      this.torn++;
    }
    const seconds = await this.#write(process, await this.issue(process.leaf), 'none');
    await eventually(async () => (await expiry(process)) === seconds, SEEN_WITHIN_MS);
  }

  /** @returns when the certificate ends, UNIX seconds */
  async #write({ dir, leaf }: Renewed, { certPem, keyPem }: Leaf, tear: Tear): Promise<number> {
    const path = (file: string) => join(dir, file);
    await writeFile(path('ca.pem'), this.bundle);
    await writeFile(path('key.pem'), tear === 'another key' ? (await this.issue(leaf)).keyPem : keyPem);
    await writeFile(path('cert.pem'), tear === 'cut short' ? certPem.slice(0, certPem.length / 2) : certPem);
    if (tear === 'missing') await rm(path('key.pem'));
    return endOf(certPem);
  }
}

function endOf(certPem: string): number {
  return Date.parse(new X509Certificate(certPem).validTo) / 1000;
}

async function rejected({ statusUrl }: Renewed): Promise<number> {
  return metricIn(await scrape(statusUrl), 'cmk_certificate_rejected_total');
}

async function expiry({ statusUrl }: Renewed): Promise<number> {
  return metricIn(await scrape(statusUrl), 'cmk_certificate_expiry_timestamp_seconds');
}
