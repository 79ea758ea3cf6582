import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { ExecutionContext } from 'ava';
import { stringify } from 'yaml';
import { answersOk, freePort } from '../../sandbox/process.ts';
import { eventually } from './eventually.ts';

/** A process to scrape, with the labels that it is found with on Kubernetes. */
export interface ScrapeTarget {
  readonly job: string;
  readonly statusUrl: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  /** Those that are numbers. */
  readonly values: readonly number[];
}

export interface RuleHealth {
  readonly name: string;
  readonly health: string;
  readonly lastError?: string;
}

/** Debian’s Prometheus with our rules; scrapes and evaluates each second. */
export class Prometheus {
  readonly #url: string;
  readonly #startedAtMs = Date.now();

  private constructor(url: string) {
    this.#url = url;
  }

  /** Starts one for the length of a test. */
  static async start(t: ExecutionContext, targets: readonly ScrapeTarget[]): Promise<Prometheus> {
    const dir = mkdtempSync(join(tmpdir(), 'cmk-prometheus-'));
    const config = join(dir, 'prometheus.yaml');
    const jobs = targets.map(({ job, statusUrl, labels }, index) => ({
      job_name: `${job}-${index}`,
      static_configs: [{ targets: [new URL(statusUrl).host], labels: { ...labels, job } }],
    }));
    const global = { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' };
    const rules = [resolve('deploy/prometheus/rules.yaml')];
    writeFileSync(config, stringify({ global, rule_files: rules, scrape_configs: jobs }));
    const address = `127.0.0.1:${await freePort()}`;
    const args = [`--config.file=${config}`, `--storage.tsdb.path=${join(dir, 'data')}`];
    const child = spawn('prometheus', [...args, `--web.listen-address=${address}`, '--log.level=warn'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const ended = once(child, 'close');
    child.stderr.pipe(createWriteStream(join(dir, 'log')));
    t.teardown(async () => {
      child.kill('SIGTERM');
      await ended;
      rmSync(dir, { recursive: true });
    });
    const isReady = () => answersOk(`http://${address}/-/ready`).catch(() => false);
    await eventually(isReady, 20_000);
    return new Prometheus(`http://${address}`);
  }

  /** What a query found at any time since the start. */
  async query(query: string): Promise<Series[]> {
    const [start, end] = [this.#startedAtMs / 1000, Date.now() / 1000].map((seconds) => seconds.toFixed(3));
    const search = new URLSearchParams({ query, start: start ?? '', end: end ?? '', step: '1' });
    const { result } = await this.#get<{
      result: { metric: Record<string, string>; values: [number, string][] }[];
    }>(`query_range?${search.toString()}`);
    return result.map(({ metric, values }) => ({
      metric,
      values: values.map(([, value]) => Number(value)).filter(Number.isFinite),
    }));
  }

  /** The newest value of a query that finds one series; null: there is none. */
  async latest(query: string): Promise<number | null> {
    return (await this.query(query))[0]?.values.at(-1) ?? null;
  }

  async rules(): Promise<RuleHealth[]> {
    const { groups } = await this.#get<{ groups: { rules: RuleHealth[] }[] }>('rules');
    return groups.flatMap(({ rules }) => rules);
  }

  async #get<T>(path: string): Promise<T> {
    const response = await fetch(`${this.#url}/api/v1/${path}`, { signal: AbortSignal.timeout(10_000) });
    const text = await response.text();
    if (!response.ok) throw new Error(`Prometheus answered ${response.status} to ${path}: ${text}`);
    return (JSON.parse(text) as { data: T }).data;
  }
}
