import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { CmkError } from '../../core/errors.ts';
import { createTestCa } from '../../sandbox/ca.ts';
import { eventually } from '../support/eventually.ts';
import { FakeBroker } from '../support/fake-broker.ts';
import { asset, Dialogue, SIDECAR_ID } from '../support/sidecar-fixture.ts';
import { withSidecar } from '../support/with-sidecar.ts';

const FRAME = 64 * 1024;
const frame = randomBytes(FRAME);

for (const code of ['SHUTTING_DOWN', 'BROKER_UNREACHABLE'] as const) {
  withSidecar(`a request that ends with ${code} is repeated once`, {}, async (t, fixture) => {
    fixture.broker.refuseOnce(new CmkError(code, 'for a moment'));
    t.is((await fixture.seal([frame])).code, null);
    t.is(fixture.broker.count('IssueDataKey'), 2);
    fixture.broker.refuse(new CmkError(code, 'for long'));
    t.is(
      (await fixture.seal([frame], { asset: { ...asset, id: 'other' }, owner: 'u', reason: 'REASON_BACKUP' }))
        .code,
      code,
    );
    t.is(fixture.broker.count('IssueDataKey'), 4);
  });
}

withSidecar('a request whose answer is broken off is repeated once', {}, async (t, fixture) => {
  fixture.broker.breakOffOnce();
  t.is((await fixture.seal([frame])).code, null);
  t.is(fixture.broker.count('IssueDataKey'), 2);
});

for (const code of ['KEY_DISABLED', 'KMS_UNREACHABLE', 'NOT_AUTHORIZED', 'ACCOUNT_UNKNOWN'] as const) {
  withSidecar(`a refusal passes to the caller and is not repeated: ${code}`, {}, async (t, fixture) => {
    fixture.broker.refuse(new CmkError(code, 'as the broker says'));
    const outcome = await fixture.seal([frame]);
    t.is(outcome.code, code);
    t.is(outcome.message, 'as the broker says');
    t.is(outcome.started, null);
    t.is(fixture.broker.count('IssueDataKey'), 1);
  });
}

withSidecar(
  'a broker that does not answer in time cannot be reached',
  { CMK_BROKER_DEADLINE: '300ms' },
  async (t, fixture) => {
    const release = fixture.broker.hold();
    const outcome = await fixture.seal([frame]);
    release();
    t.is(outcome.code, 'BROKER_UNREACHABLE');
    t.is(
      await fixture.metric(
        'cmk_broker_request_duration_seconds_count{operation="IssueDataKey",outcome="BROKER_UNREACHABLE"}',
      ),
      1,
    );
  },
);

withSidecar('a broker that comes back is found again', {}, async (t, fixture) => {
  fixture.broker.stop();
  t.is((await fixture.seal([frame])).code, 'BROKER_UNREACHABLE');
  await fixture.broker.listen();
  await eventually(async () => (await fixture.seal([frame])).code === null);
  const told = fixture.log
    .filter((line) => /cannot be reached|answers again/.test(line))
    .map((line) => (JSON.parse(line) as { msg: string }).msg);
  t.is(told.filter((msg) => msg === 'the broker cannot be reached').length, 1);
  t.is(told.at(-1), 'the broker answers again');
});

const impostors: [name: string, uriSans: string[], otherCa: boolean][] = [
  ['another id of the trust domain', ['spiffe://cmk.test/service/0001'], false],
  ['another trust domain', ['spiffe://other.test/broker'], false],
  ['no id', [], false],
  ['two ids', ['spiffe://cmk.test/broker', 'spiffe://cmk.test/other'], false],
  ['the right id from another authority', ['spiffe://cmk.test/broker'], true],
];
for (const [name, uriSans, otherCa] of impostors) {
  withSidecar(`a broker with ${name} is told nothing`, {}, async (t, fixture) => {
    const ca = otherCa ? await createTestCa('other') : fixture.ca;
    const identity = await ca.writeIdentity(join(fixture.dir, 'impostor'), {
      uriSans,
      dnsSans: ['localhost'],
    });
    const { port } = fixture.broker;
    fixture.broker.stop();
    const impostor = await FakeBroker.start(
      { ...identity, caPath: join(fixture.dir, 'own', 'ca.pem') },
      port,
    );
    try {
      t.is((await fixture.seal([frame])).code, 'BROKER_UNREACHABLE');
      t.deepEqual(impostor.calls, []);
      t.is(impostor.watchers, 0);
    } finally {
      impostor.stop();
    }
  });
}

withSidecar(
  'a renewed identity is used at once, and what is under way ends on the old connection',
  {},
  async (t, fixture) => {
    const expiry = 'cmk_certificate_expiry_timestamp_seconds{role="sidecar"}';
    const before = await fixture.metric(expiry);
    const release = fixture.broker.hold();
    const sealing = fixture.seal([frame]);
    await eventually(() => fixture.broker.count('IssueDataKey') === 1);

    const notAfter = new Date(Date.now() + 48 * 3_600_000);
    await fixture.ca.writeIdentity(join(fixture.dir, 'own'), { uriSans: [SIDECAR_ID], notAfter });
    fixture.clock.advance(10_000);
    await eventually(async () => (await fixture.metric(expiry)) > before);
    await eventually(() => fixture.broker.watchedFrom.length === 2 && fixture.sidecar.hearsRevocations());
    release();
    t.is((await sealing).code, null);
    t.is(fixture.broker.count('IssueDataKey'), 1);
    t.is(new Set(fixture.broker.callers).size, 2);
  },
);

withSidecar('files that are no identity are reported, and the old one stays', {}, async (t, fixture) => {
  const other = await fixture.ca.issue({ uriSans: [SIDECAR_ID] });
  await fixture.replace('own/key.pem', other.keyPem);
  fixture.clock.advance(10_000);
  await eventually(async () => (await fixture.metric('cmk_certificate_rejected_total')) === 1);
  const dialogue = new Dialogue(fixture, 'encrypt');
  await dialogue.exchange(frame, FRAME);
  t.is((await dialogue.end()).code, null);
});
