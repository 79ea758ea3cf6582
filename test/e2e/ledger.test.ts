import { buffer } from 'node:stream/consumers';
import test from 'ava';
import { CmkClient } from '../../client/index.ts';
import { cmk } from '../support/cmk-command.ts';
import { eventually } from '../support/eventually.ts';
import { ACCOUNT, OWNER, recording, WholeSystem } from '../support/whole-system.ts';

const READS = 10_000;
const AT_A_TIME = 32;

interface Line {
  readonly action: string;
  readonly outcome: string;
  readonly operation?: string;
  readonly count?: number;
  readonly from?: number;
  readonly detail?: string;
  readonly reason?: string;
}

async function ledger(system: WholeSystem): Promise<Line[]> {
  const { adminUrl, adminToken } = system.sandbox;
  const env = { CMK_ADMIN_TOKEN: adminToken, CMK_BROKER_URL: adminUrl };
  const { code, stdout, stderr } = await cmk(['audit', 'export', '--account', ACCOUNT], { env });
  if (code !== 0) throw new Error(stderr);
  const verified = await cmk(['audit', 'verify', '-'], { input: stdout });
  if (verified.code !== 0) throw new Error(verified.stderr);
  return stdout
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

test('10,000 reads from a sidecar’s cache are all accounted for, and one that is killed leaves a gap', async (t) => {
  t.timeout(240_000);
  const system = await WholeSystem.start(t, 'ledger', 'sqlite', {
    sidecarEnv: { CMK_USE_REPORT_INTERVAL: '500ms', CMK_LOG_LEVEL: 'warn' },
  });
  const { recorder } = system.sandbox.sidecars;
  const client = new CmkClient({ address: recorder.address });
  const asset = recording('meeting-1');
  const content = Buffer.from('what was said');
  const sealed = await buffer(client.encrypt(content, { asset, owner: OWNER }));
  let left = READS;
  const read = async (): Promise<void> => {
    while (left-- > 0) {
      const opened = await buffer(client.decrypt(sealed, { asset, reason: 'INDEXING' }));
      if (!opened.equals(content)) throw new Error('something else was opened');
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, read));
  client.close();

  const readsIn = (lines: readonly Line[]): number =>
    lines
      .filter(({ outcome, reason }) => outcome === 'ALLOWED' && reason === 'INDEXING')
      .reduce((sum, { action, count }) => sum + (action === 'USE' ? (count ?? 0) : 1), 0);
  let lines: Line[] = [];
  await eventually(async () => readsIn((lines = await ledger(system))) >= READS, 30_000);
  t.is(readsIn(lines), READS);
  t.is(lines.filter(({ action }) => action === 'GAP').length, 0);
  const granted = lines.filter(({ action }) => action === 'RESOLVE').length;
  t.true(granted < READS / 100, `${granted} of them were grants`);

  await recorder.process.kill();
  await eventually(async () => {
    lines = await ledger(system);
    return lines.some(({ action }) => action === 'GAP');
  }, 60_000);
  const gaps = lines.filter(({ action }) => action === 'GAP');
  t.is(gaps.length, 1);
  t.regex(gaps[0]?.detail ?? '', /^instance .* stopped without its last report; .* service 0001$/);
  t.is(readsIn(lines), READS);
});
