import { randomBytes } from 'node:crypto';
import test, { type ExecutionContext } from 'ava';
import { FallbackRecovery, probePauseMs } from '../../../broker/keys/fallback.ts';
import type { KmsCause } from '../../../broker/kms/provider.ts';
import type { FallbackPolicy } from '../../../broker/model/types.ts';
import { DataKey } from '../../../core/data-key.ts';
import { CmkError } from '../../../core/errors.ts';
import { DrivenClock } from '../../support/driven-clock.ts';
import { eventually } from '../../support/eventually.ts';
import { ASSET, keyWorld, PATIENT, RECORDER, type KeyWorld } from '../../support/key-world.ts';
import { resolveRequest } from '../../support/resolve-request.ts';

const ANY: FallbackPolicy = { mode: 'ANY', maxHours: null, maxAssets: null };
const MINUTE_MS = 60_000;

async function world(t: ExecutionContext, policy: FallbackPolicy = ANY): Promise<KeyWorld> {
  const started = await keyWorld(t);
  await started.fallbackSettings.setPolicy('operator', 'acme', policy);
  return started;
}

function fail({ kms, reference, replica }: KeyWorld, cause: KmsCause | null): void {
  for (const each of [reference, replica]) kms.key(each).failure = cause;
}

async function failureOf(promise: Promise<unknown>): Promise<CmkError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof CmkError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

test('the platform key stands in for a key that is away, and the ledger and the metric say why', async (t) => {
  const acme = await world(t);
  fail(acme, 'UNREACHABLE');
  const grant = await acme.issue();
  t.is(grant.protection, 'FALLBACK_KEY');
  t.is(grant.keyInUse, acme.platformReference);
  t.deepEqual(acme.observer.fallbacks, ['UNREACHABLE']);
  const audit = await acme.audit();
  t.true(
    audit.some(({ detail, outcome }) => outcome === 'ALLOWED' && detail === 'FALLBACK: KMS_UNREACHABLE'),
  );
  t.like(await acme.store.fallbacks.findEpisode('acme'), { assets: 1, cause: 'KMS_UNREACHABLE' });
});

test('a second file of the asset has the same data key, and it opens in the outage', async (t) => {
  const acme = await world(t);
  fail(acme, 'UNREACHABLE');
  const first = await acme.issue();
  const second = await acme.issue();
  t.is(second.dataKeyId, first.dataKeyId);
  const request = await resolveRequest(acme.store, ASSET);
  acme.leasedKeys.clear();
  const grant = await acme.resolveDataKey.run(RECORDER, request, PATIENT);
  t.deepEqual(grant.dataKey.copyBytes(), first.dataKey.copyBytes());
});

test('fallback never opens what a customer key wrapped', async (t) => {
  const acme = await world(t);
  await acme.issue();
  const request = await resolveRequest(acme.store, ASSET);
  acme.leasedKeys.clear();
  fail(acme, 'UNREACHABLE');
  await t.throwsAsync(acme.resolveDataKey.run(RECORDER, request, PATIENT), { code: 'KMS_UNREACHABLE' });
});

test('with fallback off nothing is stored, and the service is told what the account wants', async (t) => {
  const acme = await world(t, { ...ANY, mode: 'OFF' });
  await acme.fallbackSettings.setWish('operator', 'acme', ASSET.srvId, ASSET.type, 'DROP_SESSION');
  fail(acme, 'KEY_DISABLED');
  const error = await failureOf(acme.issue());
  t.is(error.code, 'KEY_DISABLED');
  t.deepEqual(error.metadata, { on_failure: 'DROP_SESSION', fallback: 'FALLBACK_OFF' });
  t.is(await acme.store.findNewestDataKey(ASSET), null);
});

test('a customer who chose OUTAGE has the last word', async (t) => {
  const acme = await world(t, { ...ANY, mode: 'OUTAGE' });
  fail(acme, 'KEY_DISABLED');
  const error = await failureOf(acme.issue());
  t.deepEqual(error.metadata, { on_failure: 'FAIL_ASSET', fallback: 'CUSTOMER_REFUSED' });
  fail(acme, 'UNREACHABLE');
  acme.clock.advance(1_000);
  t.is((await acme.issue()).protection, 'FALLBACK_KEY');
});

test('with the platform key gone too, nothing is stored', async (t) => {
  const acme = await world(t);
  fail(acme, 'UNREACHABLE');
  acme.kms.key(acme.platformReference).failure = 'UNREACHABLE';
  const error = await failureOf(acme.issue());
  t.is(error.code, 'KMS_UNREACHABLE');
  t.is(error.metadata['fallback'], 'PLATFORM_KEY_FAILED');
  t.is(await acme.store.findNewestDataKey(ASSET), null);
  t.is(await acme.store.fallbacks.findEpisode('acme'), null);
});

test('after its limits an episode makes no more data keys', async (t) => {
  const acme = await world(t, { ...ANY, maxAssets: 1 });
  fail(acme, 'UNREACHABLE');
  await acme.issue();
  const error = await failureOf(acme.issue({ id: 'meeting-2' }));
  t.is(error.metadata['fallback'], 'LIMITS_REACHED');
  t.is(error.code, 'KMS_UNREACHABLE');
});

test('an asset that CMK does not cover needs no fallback', async (t) => {
  const acme = await world(t);
  acme.kms.key(acme.platformReference).failure = 'UNREACHABLE';
  const error = await failureOf(acme.issue({ account: 'globex' }));
  t.deepEqual(error.metadata, {});
});

test('the key is tried each minute for five, then each five minutes', (t) => {
  const minutes = Array.from({ length: 8 }, (_, probes) => probePauseMs(probes) / MINUTE_MS);
  t.deepEqual(minutes, [1, 1, 1, 1, 1, 5, 5, 5]);
});

test('a key that works again ends the episode, after its data keys were set to move', async (t) => {
  const acme = await world(t);
  fail(acme, 'UNREACHABLE');
  await acme.issue();
  const triedAt: number[] = [];
  for (let minute = 1; minute <= 21; minute++) {
    acme.clock.advance(MINUTE_MS);
    await acme.fallbackRecovery.runOnce();
    const probes = (await acme.store.fallbacks.findEpisode('acme'))?.probes ?? 0;
    if (probes > triedAt.length) triedAt.push(minute);
  }
  t.deepEqual(triedAt, [1, 2, 3, 4, 5, 10, 15, 20]);

  fail(acme, null);
  acme.clock.advance(5 * MINUTE_MS);
  await acme.fallbackRecovery.runOnce();
  t.is(await acme.store.fallbacks.findEpisode('acme'), null);
  t.true((await acme.audit()).some(({ action, outcome }) => action === 'FALLBACK' && outcome === 'ALLOWED'));
  t.is((await acme.issue({ id: 'meeting-3' })).protection, 'CUSTOMER_KEY');
});

test('a KMS that does not answer keeps no other account in fallback, and only so many are tried at a time', async (t) => {
  const clock = new DrivenClock();
  const limits: number[] = [];
  const ended: string[] = [];
  const waiting = [anEpisode('hanging'), anEpisode('working')];
  let end = (_error: Error): void => undefined;
  const hanging = new Promise<never>((_, reject) => (end = reject));
  const recovery = new FallbackRecovery({
    clock,
    store: {
      findAccount: (id: string) => Promise.resolve({ id, licence: 'ACCOUNT' }),
      listKeks: (account: string) => Promise.resolve([aKek(account)]),
      fallbacks: {
        claimEpisodes: (_now: number, _until: number, limit: number) => {
          limits.push(limit);
          return Promise.resolve(waiting.splice(0, 1));
        },
        endEpisode: (id: string) => Promise.resolve(ended.push(id) > 0),
      },
    },
    kms: {
      generate: ({ account }: { account: string }) =>
        account === 'hanging' ? hanging : Promise.resolve({ dataKey: aDataKey(), wrapped: Buffer.of(1) }),
      unwrap: () => Promise.resolve({ dataKey: aDataKey() }),
    },
    ledger: { event: (facts: object) => facts },
    observer: { backgroundFailed: () => undefined },
    startRecovery: () => Promise.resolve(),
  } as never);
  recovery.start();
  for (let round = 1; round <= 2; round++) {
    clock.advance(5_000);
    await eventually(() => limits.length === round);
  }
  await eventually(() => ended.length > 0);
  t.deepEqual(ended, ['working']);
  t.deepEqual(limits, [256, 255]);
  end(new Error('the test has ended'));
  await recovery.stop();
});

const anEpisode = (account: string) => ({ id: account, account, kekId: account, assets: 1, probes: 0 });
const aKek = (account: string) => ({
  id: account,
  account,
  lifecycle: 'ACTIVE',
  references: ['r'],
  createdAt: 1,
});
const aDataKey = () => DataKey.take(randomBytes(32));

const VOICEMAIL = { srvId: '0003', type: 'PhoneVoicemail', id: 'voicemail-1' };
const PHONE_SYSTEM = { spiffeId: 'spiffe://cmk.test/service/0003', services: new Set(['0003']) };

/** Assets of two types, made in fallback. */
async function inFallback(t: ExecutionContext): Promise<KeyWorld> {
  const acme = await world(t);
  await acme.administration.setEnrolment('operator', 'acme', VOICEMAIL.srvId, VOICEMAIL.type, true);
  fail(acme, 'UNREACHABLE');
  t.is((await acme.issue()).protection, 'FALLBACK_KEY');
  t.is((await acme.issue(VOICEMAIL, PHONE_SYSTEM)).protection, 'FALLBACK_KEY');
  return acme;
}

/** The key works again, and everything that follows has happened. @returns what protects the two assets */
async function afterRecovery(acme: KeyWorld): Promise<(string | undefined)[]> {
  fail(acme, null);
  acme.clock.advance(5 * MINUTE_MS);
  await acme.fallbackRecovery.runOnce();
  for (let turn = 0; turn < 3; turn++) {
    await acme.mover.poll();
    await acme.mover.settled();
  }
  const assets = [ASSET, { ...ASSET, ...VOICEMAIL }];
  return Promise.all(assets.map(async (asset) => (await acme.store.findNewestDataKey(asset))?.protection));
}

const kindsOf = async ({ store }: KeyWorld) =>
  (await store.moves.list('acme', 10)).map(({ kind }) => kind).sort();

test('whoever left with all their data gets none of it brought back to their key', async (t) => {
  const acme = await inFallback(t);
  const leave = { kind: 'LICENCE', licence: 'NONE' } as const;
  await acme.coverageChanges.apply('operator', 'acme', leave, { moveExisting: true });
  t.is((await acme.store.findNewestDataKey(ASSET))?.protection, 'PLATFORM_KEY', 'at once');
  t.deepEqual(await afterRecovery(acme), ['PLATFORM_KEY', 'PLATFORM_KEY']);
  t.deepEqual(await kindsOf(acme), ['LEAVE']);
  t.is(await acme.store.fallbacks.findEpisode('acme'), null);
  const details = (await acme.audit()).map(({ detail }) => detail ?? '');
  t.true(details.some((detail) => /LEAVE .*; 2 made in fallback stay under the platform key$/.test(detail)));
  t.true(
    details.some((detail) => detail.startsWith('fallback ended: the account has no licence; 0 data keys')),
  );
});

test('nor whoever lost the licence and left existing data where it was', async (t) => {
  const acme = await inFallback(t);
  const account = { id: 'acme', name: 'acme' };
  await acme.administration.putAccount('operator', { ...account, licence: 'NONE' });
  t.deepEqual(await afterRecovery(acme), ['PLATFORM_KEY', 'PLATFORM_KEY']);
  t.is(await acme.store.fallbacks.findEpisode('acme'), null);
  // What was made in the outage is as any other data under the platform key, should they come back.
  const grow = { kind: 'LICENCE', licence: 'ACCOUNT' } as const;
  const { existing } = await acme.coverageChanges.preview('acme', grow);
  t.deepEqual(
    existing.map(({ kind, type, count }) => [kind, type, count]),
    [
      ['ENROL', ASSET.type, 1],
      ['ENROL', VOICEMAIL.type, 1],
    ],
  );
});

test('a type whose data was taken back is not brought to the key again, the others are', async (t) => {
  const acme = await inFallback(t);
  const shrink = { kind: 'ENROLMENT', srvId: ASSET.srvId, type: ASSET.type, enrolled: false } as const;
  const { moves } = await acme.coverageChanges.apply('operator', 'acme', shrink, { moveExisting: true });
  t.is(moves.length, 1);
  // It takes back nothing, but must have ended before data keys may go the other way.
  await acme.moves.cancel('operator', 'acme', moves[0]?.id ?? '');
  t.deepEqual(await afterRecovery(acme), ['PLATFORM_KEY', 'CUSTOMER_KEY']);
  t.deepEqual(await kindsOf(acme), ['RECOVER', 'SHRINK']);
});

test('a type whose existing data stays where it was is brought to the key as promised', async (t) => {
  const acme = await inFallback(t);
  await acme.administration.setEnrolment('operator', 'acme', ASSET.srvId, ASSET.type, false);
  t.deepEqual(await afterRecovery(acme), ['CUSTOMER_KEY', 'CUSTOMER_KEY']);
});

test('settings of unknown accounts and types are refused, and change nothing', async (t) => {
  const { fallbackSettings } = await world(t);
  await t.throwsAsync(fallbackSettings.setPolicy('operator', 'nobody', ANY), { code: 'ACCOUNT_UNKNOWN' });
  await t.throwsAsync(fallbackSettings.episodes('nobody', 10), { code: 'ACCOUNT_UNKNOWN' });
  await t.throwsAsync(fallbackSettings.setWish('operator', 'acme', '0001', 'Nothing', 'DROP_SESSION'), {
    code: 'NOT_FOUND',
  });
  t.deepEqual(await fallbackSettings.wishes('acme'), []);
});
