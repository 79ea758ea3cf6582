import test from 'ava';
import type { ActivityPage } from '../../../broker/store/store.ts';
import { Activity } from '../../../broker/views/activity.ts';
import { DrivenClock } from '../../support/driven-clock.ts';
import { anAuditEvent } from '../../support/stored-facts.ts';

const ACME = { id: 'acme', name: 'Acme', licence: 'NONE', externalId: 'x' } as const;

/** Looks find what is in the parts of the ledger, one after another; each takes so long. */
function activityOver(parts: readonly number[], lookMs = 0) {
  const clock = new DrivenClock();
  const asked: { before: string | null; limit: number }[] = [];
  const list = (_account: string, _filter: object, before: string | null, limit: number) => {
    clock.advance(lookMs);
    asked.push({ before, limit });
    const at = before === null ? 0 : Number(before);
    const events = Array.from({ length: Math.min(parts[at] ?? 0, limit) }, () => anAuditEvent());
    const next = at + 1 < parts.length ? String(at + 1) : null;
    return Promise.resolve<ActivityPage>({ events, next });
  };
  const store = {
    findAccount: () => Promise.resolve(ACME),
    activity: { list, ofAsset: () => Promise.reject(new Error('not asked')) },
  };
  return { activity: new Activity({ store, clock }), asked };
}

test('a page that one look does not fill is looked for further back', async (t) => {
  const { activity, asked } = activityOver([0, 2, 0, 1, 9]);
  const page = await activity.list('acme', {}, null, 3);
  t.is(page.events.length, 3);
  t.is(page.next, '4');
  t.deepEqual(asked, [
    { before: null, limit: 3 },
    { before: '1', limit: 3 },
    { before: '2', limit: 1 },
    { before: '3', limit: 1 },
  ]);
  t.is((await activity.list('acme', {}, '4', 100)).next, null, 'the last is the last');
});

test('it is looked for a short while, and then the page is empty and not the last', async (t) => {
  const slow = activityOver(Array<number>(100).fill(0), 20);
  t.deepEqual(await slow.activity.list('acme', {}, null, 10), { events: [], next: '3' });
  const fast = activityOver(Array<number>(100).fill(0));
  t.deepEqual(await fast.activity.list('acme', {}, null, 10), { events: [], next: '10' });
});
