import test from 'ava';
import { RequestLimit } from '../../../broker/admin/request-limit.ts';
import { adminWorld, OPERATOR, principal } from '../../support/admin-world.ts';
import { DrivenClock } from '../../support/driven-clock.ts';

const RATE = { burst: 3, perSecond: 2 };

test('so many at once, and then as fast as the rate', (t) => {
  const clock = new DrivenClock();
  const limit = new RequestLimit(clock, RATE);
  const taken = (times: number) => {
    let count = 0;
    for (let time = 0; time < times; time++) {
      try {
        limit.take('a');
        count++;
      } catch {
        // Counted by what is missing.
      }
    }
    return count;
  };
  t.is(taken(10), 3);
  t.notThrows(() => limit.take('b'), 'each has its own');
  clock.advance(1_000);
  t.is(taken(10), 2);
  clock.advance(3_600_000);
  t.is(taken(10), 3, 'no more is saved up');
});

test('who sends too much waits, and nobody else does', async (t) => {
  const world = await adminWorld(t, { rate: RATE });
  const { ask, clock } = world;
  const administrator = principal('ADMINISTRATOR', 'acme');
  const put = () =>
    ask(administrator, 'PUT', '/v1/accounts/acme/contacts', { body: { emails: ['a@acme.test'] } });
  for (let time = 0; time < 3; time++) t.is((await put()).status, 200);
  const before = (await world.audit()).length;
  const limited = await put();
  t.is(limited.status, 429);
  t.is(limited.headers['retry-after'], '1');
  t.like(limited.body, { code: 'RATE_LIMITED', retryable: true });
  t.is((await world.audit()).length, before);
  t.is((await ask(OPERATOR, 'GET', '/v1/accounts/acme')).status, 200);
  t.is((await ask(principal('ADMINISTRATOR', 'globex'), 'GET', '/v1/accounts/globex')).status, 200);
  clock.advance(1_000);
  t.is((await put()).status, 200);
});

test('whoever is not known is limited by address', async (t) => {
  const { ask } = await adminWorld(t, { rate: RATE });
  t.is((await ask(null, 'GET', '/v1/openapi.json')).status, 200);
  t.is((await ask(null, 'GET', '/v1/accounts')).status, 401);
  t.is((await ask(null, 'GET', '/nowhere')).status, 401);
  t.is((await ask(null, 'GET', '/v1/accounts')).status, 429);
  t.is((await ask(null, 'GET', '/v1/openapi.json')).status, 429);
  t.is((await ask(OPERATOR, 'GET', '/v1/accounts')).status, 200);
});
