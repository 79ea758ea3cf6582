import test, { type ExecutionContext } from 'ava';
import grpc, { type ServiceError } from '@grpc/grpc-js';
import type { AuditEvent } from '../../broker/model/types.ts';
import { CmkError } from '../../client/index.ts';
import type { Asset } from '../../core/asset.ts';
import { loadBroker } from '../../proto/load.ts';
import { createTestCa } from '../../sandbox/ca.ts';
import { DrivenClock } from '../support/driven-clock.ts';
import { metricIn } from '../../sandbox/scrape.ts';
import { DrivenSystem, type SidecarInProcess } from '../support/driven-system.ts';
import { sidecarId } from '../support/settings.ts';
import { eventually } from '../support/eventually.ts';
import { ACCOUNT, OWNER, recording } from '../support/whole-system.ts';

/** What a service sees when its sidecar, or it itself, may not: one and the same answer, whatever the cause. */

const RECORDER_ID = sidecarId('0001');
const HOUR_MS = 3_600_000;

interface Row {
  readonly start: (system: DrivenSystem) => Promise<SidecarInProcess>;
  /** What the broker's audit events and metric call it. */
  readonly reason: string;
}

const ROWS: Record<string, Row> = {
  'an expired certificate': {
    start: (system) =>
      system.startSidecar('refused', {
        // The sidecar itself sees it on a clock that runs late; else it would not even start.
        clock: clockAt(Date.now() - 2 * HOUR_MS),
        leaf: {
          uriSans: [RECORDER_ID],
          notBefore: new Date(Date.now() - 3 * HOUR_MS),
          notAfter: new Date(Date.now() - HOUR_MS),
        },
      }),
    reason: 'NO_CERTIFICATE',
  },
  'another authority’s certificate': {
    start: async (system) => system.startSidecar('refused', { issuer: await createTestCa('Other CA') }),
    reason: 'NO_CERTIFICATE',
  },
  'another trust domain': {
    start: (system) =>
      system.startSidecar('refused', { leaf: { uriSans: [sidecarId('0001', 'other.test')] } }),
    reason: 'OTHER_TRUST_DOMAIN',
  },
  'no SAN': {
    start: (system) => system.startSidecar('refused', { leaf: { uriSans: [], commonName: RECORDER_ID } }),
    reason: 'NO_URI_SAN',
  },
  'two SANs': {
    start: (system) =>
      system.startSidecar('refused', { leaf: { uriSans: [RECORDER_ID, sidecarId('0002')] } }),
    reason: 'SEVERAL_URI_SANS',
  },
  'a Phone sidecar that asks for a meeting': {
    start: (system) => system.startSidecar('refused', { leaf: { uriSans: [sidecarId('0002')] } }),
    reason: 'SERVICE_NOT_ALLOWED',
  },
};

function clockAt(wallMs: number): DrivenClock {
  const clock = new DrivenClock();
  clock.turnWallClock(wallMs - clock.wallMs());
  return clock;
}

/** All that a refused service sees: the status, its text, its details byte by byte, and the data (none). */
interface Seen {
  readonly code: number;
  readonly text: string;
  readonly details: string;
  readonly reason: string;
  readonly bytes: number;
}

const REFUSED = {
  code: grpc.status.PERMISSION_DENIED,
  text: 'not authorized for this asset',
  reason: 'NOT_AUTHORIZED',
  bytes: 0,
};

async function seenBy(
  system: DrivenSystem,
  work: (count: (bytes: number) => void) => Promise<unknown>,
): Promise<Seen> {
  let bytes = 0;
  const error: unknown = await work((more) => (bytes += more)).then(
    () => new Error('it was allowed'),
    (reason: unknown) => reason,
  );
  system.note(error);
  if (!(error instanceof CmkError)) throw error;
  const { code, details: text, metadata } = error.cause as ServiceError;
  const details = metadata.get('grpc-status-details-bin').map((value) => Buffer.from(value).toString('hex'));
  return { code, text, details: details.join(), reason: error.code, bytes };
}

async function drain(stream: AsyncIterable<Buffer>, count: (bytes: number) => void): Promise<void> {
  for await (const piece of stream) count(piece.length);
}

/** What a service can try: each of the sidecar's methods. */
function attempts(system: DrivenSystem, { client }: SidecarInProcess, asset: Asset, sealed: Buffer) {
  return {
    ISSUE: () =>
      seenBy(system, (count) =>
        drain(client.encrypt(Buffer.from('content'), { asset, owner: OWNER }), count),
      ),
    RESOLVE: () =>
      seenBy(system, (count) => drain(client.decrypt(sealed, { asset, reason: 'USER_ACCESS' }), count)),
    DESCRIBE: () => seenBy(system, () => client.describeAsset(asset)),
  };
}

/** A system in which the Recorder has sealed a recording, and what a refusal looks like there. */
async function prepare(t: ExecutionContext, suite: string) {
  const system = await DrivenSystem.start(t, suite);
  const recorder = await system.startSidecar('recorder');
  const sealed = await system.seal(recorder.client, Buffer.from('a secret'), 'meeting');
  return { system, recorder, sealed };
}

async function auditOf(system: DrivenSystem, account: string): Promise<AuditEvent[]> {
  const path = `/v1/accounts/${account}/audit-events?limit=100`;
  return ((await system.admin.call('GET', path)) as { auditEvents: AuditEvent[] }).auditEvents;
}

/** The bytes of the answer, as the contract has them; the tests compare all others to these. */
const answers = new Set<string>();

function assertRefused(t: ExecutionContext, seen: Seen): void {
  const { details, ...rest } = seen;
  t.deepEqual(rest, REFUSED);
  t.true(details.length > 0);
  answers.add(details);
  t.is(answers.size, 1, 'the details differ from another refusal’s');
}

for (const [name, { start, reason }] of Object.entries(ROWS)) {
  test(`refused: ${name}`, async (t) => {
    const { system, recorder, sealed } = await prepare(t, `identity ${name}`);
    const refused = await start(system);
    const asset = recording('meeting');
    const denied = () => system.brokerMetric('cmk_authorization_denied_total', `reason="${reason}"`);
    for (const [action, attempt] of Object.entries(attempts(system, refused, asset, sealed))) {
      const before = await denied();
      assertRefused(t, await attempt());
      // The sidecar's watch is refused now and then besides.
      t.true((await denied()) > before, action);
      const event = (await auditOf(system, ACCOUNT)).find((each) => each.action === action);
      t.like(event, { outcome: 'REFUSED', asset, source: null }, action);
      t.true(event?.detail?.startsWith(`${reason}: `), event?.detail ?? '');
    }
    t.is((await system.open(recorder.client, sealed, 'meeting')).toString(), 'a secret');
  });
}

const OTHER_ASSETS: Record<string, Asset> = {
  'another account’s': recording('meeting', 'globex'),
  'another meeting’s': recording('other'),
  'another type’s': { ...recording('meeting'), type: 'MeetingWebinarTranscript' },
};

for (const [whose, asset] of Object.entries(OTHER_ASSETS)) {
  test(`refused: an account’s sealed file as ${whose}`, async (t) => {
    const { system, recorder, sealed } = await prepare(t, `identity ${whose}`);
    await system.admin.putAccount('globex', { name: 'Globex', licence: 'ACCOUNT' });
    const denied = () => system.brokerMetric('cmk_authorization_denied_total', 'reason="DATA_KEY_UNKNOWN"');
    const before = await denied();
    const scrape = await recorder.sidecar.metrics.registry.metrics();
    t.is(metricIn(scrape, 'cmk_authorization_denied_total'), 0);

    assertRefused(t, await attempts(system, recorder, asset, sealed).RESOLVE());
    t.is(await denied(), before + 1);
    const [event] = await auditOf(system, asset.account);
    t.like(event, { action: 'RESOLVE', outcome: 'REFUSED', asset, actor: RECORDER_ID, source: null });
    t.regex(event?.detail ?? '', /^DATA_KEY_UNKNOWN: /);
    const after = await recorder.sidecar.metrics.registry.metrics();
    t.is(metricIn(after, 'cmk_authorization_denied_total', 'reason="OTHER_ASSET"'), 1);
  });
}

test('refused: a sealed file whose header was changed to say that it is another account’s', async (t) => {
  const { system, recorder, sealed } = await prepare(t, 'identity forged header');
  await system.admin.putAccount('umbr', { name: 'Umbr', licence: 'ACCOUNT' });
  const forged = Buffer.from(sealed);
  Buffer.from('umbr').copy(forged, forged.indexOf(ACCOUNT));
  const before = await system.brokerMetric('cmk_authorization_denied_total', 'reason="DATA_KEY_UNKNOWN"');
  assertRefused(t, await attempts(system, recorder, recording('meeting', 'umbr'), forged).RESOLVE());
  t.is(await system.brokerMetric('cmk_authorization_denied_total', 'reason="DATA_KEY_UNKNOWN"'), before + 1);
  const [event] = await auditOf(system, 'umbr');
  t.like(event, { action: 'RESOLVE', outcome: 'REFUSED', account: 'umbr', source: null });
});

test('refused: no certificate at all, at the broker itself', async (t) => {
  const { system } = await prepare(t, 'identity no certificate');
  const { KeyBroker } = loadBroker();
  const credentials = grpc.credentials.createSsl(Buffer.from(system.ca.caPem), null, null, {
    checkServerIdentity: () => undefined,
  });
  const client = new KeyBroker(`127.0.0.1:${system.broker.grpcPort}`, credentials);
  t.teardown(() => client.close());
  const asset = recording('meeting');
  const error = await new Promise<ServiceError | null>((resolve) => {
    client.issueDataKey({ asset, owner: OWNER, reason: 'REASON_STORAGE' }, (failure) => resolve(failure));
  });
  const details = error?.metadata.get('grpc-status-details-bin').map((value) => Buffer.from(value));
  assertRefused(t, {
    code: error?.code ?? 0,
    text: error?.details ?? '',
    details: Buffer.concat(details ?? []).toString('hex'),
    reason: 'NOT_AUTHORIZED',
    bytes: 0,
  });
  t.true((await system.brokerMetric('cmk_authorization_denied_total', 'reason="NO_CERTIFICATE"')) > 0);
  const [event] = await auditOf(system, ACCOUNT);
  t.like(event, { action: 'ISSUE', outcome: 'REFUSED', asset, source: null });
  await eventually(async () =>
    (await auditOf(system, ACCOUNT)).some(({ detail }) => detail?.startsWith('NO_CERTIFICATE: ')),
  );
});
