import test from 'ava';
import { grantOf, issue } from '../../../support/broker-world.ts';
import { eventually } from '../../../support/eventually.ts';
import { operatorDesk, type OperatorDesk } from '../../../support/operator-desk.ts';

const ACCOUNT = ['--account', 'acme'];
const TRANSCRIPT = { account: 'acme', srvId: '0001', type: 'MeetingWebinarTranscript', id: 't-1' };

/** One data key under the platform's key, of a type that was not enrolled when it was made. */
async function sealBefore({ world, words }: OperatorDesk): Promise<void> {
  grantOf(await issue(world.recorder, { asset: TRANSCRIPT }));
  await words('enrolments', 'add', TRANSCRIPT.srvId, TRANSCRIPT.type, ...ACCOUNT);
}

interface Answer {
  readonly move: { readonly id: string; readonly moved: number };
}

test('data keys move: first what would be, then how it goes', async (t) => {
  const desk = await operatorDesk(t);
  const { words, json, world } = desk;
  await sealBefore(desk);
  const start = [
    'moves',
    'start',
    ...ACCOUNT,
    '--kind',
    'enrol',
    '--from',
    'platform',
    '--to',
    world.reference,
  ];
  t.is(await words('moves', 'list', ...ACCOUNT), 'no moves\n');
  const preview = await words(...start, '--service', '0001', '--dry-run');
  t.regex(
    preview,
    /^service +0001\nto +[0-9a-f-]{36}\n\nSERVICE +ASSET TYPE +DATA KEYS\n0001 +MeetingWebinarTranscript +1\n\n1 data key in all\n$/m,
  );
  t.like(await json(...start, '--dry-run'), { preview: { kind: 'ENROL', total: 1, target: world.kekId } });
  t.regex(
    await words(...start, '--type', 'MeetingWebinarSummary', '--dry-run'),
    /^No data key is to be moved\.$/m,
  );
  t.is(await words('moves', 'list', ...ACCOUNT), 'no moves\n');

  const { move } = (await json(...start, '--protection', 'platform-key')) as Answer;
  const show = ['moves', 'show', move.id, ...ACCOUNT];
  await eventually(async () => ((await json(...show)) as Answer).move.moved === 1, 20_000);
  t.regex(await words(...show), /^state +runs\n(.*\n)*moved +1 of 1, /m);
  t.regex(
    await words('moves', 'list', ...ACCOUNT),
    new RegExp(
      `^MOVE +KIND +STATE .*\n${move.id} +enrol +runs +1 of 1 +0 +\\d{4}-\\S+Z +(\\d{4}-\\S+Z by estimate|not known yet)\n$`,
    ),
  );
  const whole = (await world.admin('GET', `/v1/accounts/acme/moves/${move.id}`)).body as Answer;
  t.deepEqual(Object.keys(((await json(...show)) as Answer).move), Object.keys(whole.move));
});

test('a move is paused, resumed and cancelled; what cannot be done says why', async (t) => {
  const desk = await operatorDesk(t);
  const { admin, words, world } = desk;
  await sealBefore(desk);
  world.kms.key(world.reference).state = 'DISABLED';
  const start = ['moves', 'start', ...ACCOUNT, '--kind', 'enrol', '--from', 'platform', '--to', world.kekId];
  const id = /^move +(\S+)$/m.exec(await words(...start))?.[1] ?? '';
  t.regex(await words('moves', 'pause', id, ...ACCOUNT), /^state +paused$/m);
  const twice = await admin('moves', 'pause', id, ...ACCOUNT);
  t.is(twice.code, 5);
  t.regex(twice.stderr, /expected it to be RUNNING, it is PAUSED \[CONFLICT\]/);
  t.regex(await words('moves', 'resume', id, ...ACCOUNT), /^state +(runs|waits)$/m);
  await eventually(async () => (await words('moves', 'show', id, ...ACCOUNT)).includes('waits'));
  t.regex(await words('moves', 'show', id, ...ACCOUNT), /^✘ .*\n {2}KEY_DISABLED\. The customer disabled/m);
  t.regex(await words('moves', 'cancel', id, ...ACCOUNT), /^state +cancelled$/m);
  const others = await admin('moves', 'show', id, '--account', 'globex');
  t.is(others.code, 5);
});

test('leaving and shrinking show what moves, and want a confirmation', async (t) => {
  const desk = await operatorDesk(t);
  const { admin, typing, json, world } = desk;
  await issue(world.recorder);
  for (const kind of ['leave', 'shrink']) {
    const start = [
      'moves',
      'start',
      ...ACCOUNT,
      '--kind',
      kind,
      '--from',
      world.reference,
      '--to',
      'platform',
    ];
    for (const refused of [await admin(...start), await typing('globex\n', ...start)]) {
      t.is(refused.code, 2, kind);
      t.regex(
        refused.stderr,
        /the customer’s will not decide(.*\n)*0001 +MeetingWebinarRecording +1\n(.*\n)*.*nothing was changed/,
      );
    }
    t.deepEqual(await json('moves', 'list', ...ACCOUNT), { moves: [], next: null });
  }
  const leave = [
    'moves',
    'start',
    ...ACCOUNT,
    '--kind',
    'leave',
    '--from',
    world.reference,
    '--to',
    'platform',
  ];
  const { code, stdout } = await admin(...leave, '--yes', 'acme');
  t.is(code, 0);
  t.regex(stdout.toString(), /^kind +leave$/m);
});
