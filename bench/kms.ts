/**
 * What a sick KMS costs: the calls of its own account, and those of everybody else. Real SDK, real sockets, the
 * emulator in a process of its own; each figure is compared with the same load just before the KMS fell ill.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readBrokerConfig } from '../broker/config.ts';
import { startKeyServices, type KeyServices } from '../broker/keys/services.ts';
import { AwsKmsProvider } from '../broker/kms/aws/provider.ts';
import { createProviders } from '../broker/kms/registry.ts';
import { BrokerMetrics } from '../broker/metrics.ts';
import { openStore } from '../broker/store/open-store.ts';
import { CmkError } from '../core/errors.ts';
import { systemClock } from '../runtime/clock.ts';
import { AwsAccount } from '../sandbox/customers/aws.ts';
import { launchEmulator, type EmulatorAddresses } from '../sandbox/parts.ts';
import { awsKmsSettings } from '../sandbox/settings.ts';

const REGIONS = ['us-east-1', 'us-west-2'] as const;
const CALLS_PER_SECOND = 40;
const HEALTHY_MS = 6_000;
const SICK_MS = 15_000;
const MAX_RECOVERY_MS = 30_000;
const MAX_RATIO = 2;
const GRACE_MS = 100;
const MAX_ATTEMPTS_PER_CALL = 1.2;
const CALLER = { spiffeId: 'spiffe://cmk.bench/service/0001', services: new Set(['0001']) };
const TYPE = { srvId: '0001', type: 'MeetingWebinarRecording' };

interface World {
  readonly keys: KeyServices;
  readonly customer: AwsAccount;
  readonly timeoutMs: number;
  /** By account: the key's ARNs. */
  readonly arns: ReadonlyMap<string, readonly string[]>;
  /** Calls that left for a KMS, by ARN. */
  readonly attempts: Map<string, number>;
  fault(fault: object): Promise<void>;
  heal(): Promise<void>;
}

/** What a load saw. */
interface Outcome {
  readonly durationsMs: readonly number[];
  readonly failures: readonly string[];
}

/** @returns lines; what misses its target says MISSED */
export async function benchKms(): Promise<string[]> {
  const dir = await mkdtemp(join(tmpdir(), 'cmk-bench-'));
  const closers: (() => Promise<unknown>)[] = [() => rm(dir, { recursive: true })];
  try {
    const world = await start(dir, closers);
    return [...(await failover(world)), ...(await neighbours(world))];
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

/** The first replica goes silent, and comes back. */
async function failover(world: World): Promise<string[]> {
  const [primary = ''] = world.arns.get('well') ?? [];
  const healthy = await load(world, 'well', HEALTHY_MS);
  await world.fault({ key: primary, effect: { kind: 'silence' } });
  // Until the first deadline has passed the breaker is not open.
  const opening = await load(world, 'well', world.timeoutMs);
  const down = await load(world, 'well', SICK_MS);
  await world.heal();
  const healedAtMs = performance.now();
  const before = world.attempts.get(primary) ?? 0;
  const trials = 2;
  while ((world.attempts.get(primary) ?? 0) < before + trials) {
    if (performance.now() - healedAtMs > MAX_RECOVERY_MS) break;
    await load(world, 'well', 250);
  }
  const recoveredMs = performance.now() - healedAtMs;
  const failures = opening.failures.length + down.failures.length;
  const ratio = p99(down) / p99(healthy);
  return [
    `first replica silent: ${failures} of ${opening.durationsMs.length + down.durationsMs.length} calls failed (0)${missed(failures === 0)}`,
    `first replica silent: p99 ${ms(p99(down))}, healthy ${ms(p99(healthy))}, ratio ${ratio.toFixed(2)} (≤ ${MAX_RATIO})${missed(ratio <= MAX_RATIO)}`,
    `first replica back: used again after ${(recoveredMs / 1000).toFixed(1)} s (≤ ${MAX_RECOVERY_MS / 1000})${missed(recoveredMs <= MAX_RECOVERY_MS)}`,
  ];
}

/** One account's KMS is slow, then silent, then throttles; another account goes on. */
async function neighbours(world: World): Promise<string[]> {
  const lines: string[] = [];
  const sickArns = world.arns.get('sick') ?? [];
  const effects = [{ kind: 'latency', ms: 10_000 }, { kind: 'silence' }, { kind: 'throttle' }];
  for (const effect of effects) {
    const baseline = await load(world, 'well', HEALTHY_MS);
    for (const key of sickArns) await world.fault({ key, effect });
    world.attempts.clear();
    const [sick, well] = await Promise.all([load(world, 'sick', SICK_MS), load(world, 'well', SICK_MS)]);
    const attempts = sickArns.reduce((sum, arn) => sum + (world.attempts.get(arn) ?? 0), 0);
    await world.heal();
    // Long enough for what is remembered of it to be forgotten.
    await load(world, 'sick', 3_000);
    const ratio = p99(well) / p99(baseline);
    const longest = Math.max(...sick.durationsMs);
    const limitMs = world.timeoutMs + GRACE_MS;
    const perCall = attempts / sick.durationsMs.length;
    const name = `one account's KMS, ${effect.kind}`;
    lines.push(
      `${name}: others' p99 ${ms(p99(well))}, baseline ${ms(p99(baseline))}, ratio ${ratio.toFixed(2)} (≤ ${MAX_RATIO}), ${well.failures.length} failed${missed(ratio <= MAX_RATIO && well.failures.length === 0)}`,
      `${name}: its ${sick.durationsMs.length} calls ended within ${ms(longest)} (≤ ${limitMs}), ${perCall.toFixed(2)} attempts a call (≤ ${MAX_ATTEMPTS_PER_CALL}), ${[...new Set(sick.failures)].join(' ')}${missed(longest <= limitMs && perCall <= MAX_ATTEMPTS_PER_CALL)}`,
    );
  }
  return lines;
}

/** Seals for new assets at a steady rate, whatever becomes of each call. */
async function load({ keys }: World, account: string, forMs: number): Promise<Outcome> {
  const durationsMs: number[] = [];
  const failures: string[] = [];
  const running: Promise<void>[] = [];
  const one = async () => {
    const asset = { account, ...TYPE, id: crypto.randomUUID() };
    const startedMs = performance.now();
    try {
      const request = { asset, owner: 'owner', reason: 'STORAGE' } as const;
      const grant = await keys.issueDataKey.run(CALLER, request, new AbortController().signal);
      grant.dataKey[Symbol.dispose]();
    } catch (error) {
      failures.push(error instanceof CmkError ? error.code : String(error));
    }
    durationsMs.push(performance.now() - startedMs);
  };
  const endsMs = performance.now() + forMs;
  while (performance.now() < endsMs) {
    running.push(one());
    await sleep(1_000 / CALLS_PER_SECOND);
  }
  await Promise.all(running);
  return { durationsMs, failures };
}

async function start(dir: string, closers: (() => Promise<unknown>)[]): Promise<World> {
  await mkdir(join(dir, 'logs'));
  const kms = await launchEmulator(dir, 'aws-kms', ['--regions', REGIONS.join(',')]);
  closers.push(() => kms.process.stop());
  const { controlUrl, endpoints } = kms.addresses as EmulatorAddresses & {
    endpoints: Record<string, string>;
  };
  const provider = new AwsAccount(controlUrl, '409910850980');
  const role = await provider.createRole('cmk-broker');
  const platformKey = await provider.createMultiRegionKey(REGIONS);
  const config = readBrokerConfig({
    CMK_TRUST_DOMAIN: 'cmk.bench',
    CMK_ADMIN_TOKEN: 'x'.repeat(32),
    CMK_PLATFORM_KEY: platformKey.join(','),
    ...awsKmsSettings({ endpoints, stsEndpoints: {} }),
    CMK_TLS_CERT: 'none',
    CMK_TLS_KEY: 'none',
    CMK_TLS_CA: 'none',
  });
  const attempts = new Map<string, number>();
  const aws = new CountingKms(config, { ...role });
  aws.attempts = attempts;
  const store = await openStore({ sqlitePath: join(dir, 'cmk.db') });
  closers.push(() => store.close());
  const observer = Object.assign(new BrokerMetrics(systemClock), { auditWriteFailed: ignore });
  const keys = await startKeyServices({
    store,
    providers: { ...createProviders(config), aws },
    clock: systemClock,
    observer,
    catalogue: config.catalogue,
    settings: config,
  });
  closers.push(async () => {
    await keys.close();
    aws.close();
  });

  const customer = new AwsAccount(controlUrl, '111122223333');
  const policy = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { AWS: '*' }, Action: 'kms:*', Resource: '*' }],
  };
  const arns = new Map<string, readonly string[]>();
  for (const account of ['well', 'sick']) {
    const references = await customer.createMultiRegionKey(REGIONS, policy);
    arns.set(account, references);
    await keys.administration.putAccount('bench', { id: account, name: account, licence: 'ACCOUNT' });
    await keys.administration.setEnrolment('bench', account, TYPE.srvId, TYPE.type, true);
    const enrolment = await keys.enrolKey.run('bench', account, { provider: 'aws', references });
    if (!enrolment.ok) throw enrolment.error;
  }
  const control = async (method: string, body?: object) => {
    const init = {
      method,
      ...(body ? { body: JSON.stringify(body) } : {}),
      signal: AbortSignal.timeout(10_000),
    };
    const response = await fetch(`${controlUrl}/faults`, init);
    if (!response.ok) throw new Error(`the emulator answered ${response.status}`);
  };
  return {
    keys,
    customer,
    timeoutMs: config.kmsTimeoutMs,
    arns,
    attempts,
    fault: (fault) => control('POST', fault),
    heal: () => control('DELETE'),
  };
}

/** The real provider, which notes whom it asked. */
class CountingKms extends AwsKmsProvider {
  attempts = new Map<string, number>();

  override generate(...call: Parameters<AwsKmsProvider['generate']>) {
    this.#note(call[0]);
    return super.generate(...call);
  }

  override unwrap(...call: Parameters<AwsKmsProvider['unwrap']>) {
    this.#note(call[0]);
    return super.unwrap(...call);
  }

  #note(reference: string): void {
    this.attempts.set(reference, (this.attempts.get(reference) ?? 0) + 1);
  }
}

function p99({ durationsMs }: Outcome): number {
  const sorted = durationsMs.toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.99) - 1] ?? Infinity;
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`;
}

function missed(met: boolean): string {
  return met ? '' : ' MISSED';
}

function ignore(): void {
  // The figures say what went wrong.
}
