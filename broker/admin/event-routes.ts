import type { FastifyInstance, FastifyRequest } from 'fastify';
import { CmkError } from '../../core/errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Overviews } from '../views/overview.ts';
import type { AccountEvents } from '../views/account-events.ts';
import { EventStream } from './event-stream.ts';
import { WATCHING } from './operations/watching.ts';

const EVENTS = 'text/event-stream';
/** How often a stream gives a sign of life, and who it is for is asked again. */
const BEAT_MS = 15_000;
/** Of one principal: some windows on some devices. */
const MAX_OF_ONE = 20;
/** About one account, whoever listens: however many tokens it has, others have their part of what a broker serves. */
const MAX_ABOUT_ONE = 100;

/** Who listens, and about what. */
interface Listening {
  readonly owner: string;
  readonly account: string;
}

export interface EventRouteParts {
  readonly accountEvents: AccountEvents;
  readonly overviews: Overviews;
  readonly clock: Clock;
  /** Whether who sent a request is still who it was, without counting as a use of its session. */
  readonly isStillThere: (request: FastifyRequest) => Promise<boolean>;
}

/** Live updates, as server-sent events. */
export function addEventRoutes(app: FastifyInstance, parts: () => EventRouteParts): void {
  const streams = new Map<EventStream, Listening>();
  let isClosing = false;
  app.addHook('preClose', (done) => {
    isClosing = true;
    for (const stream of streams.keys()) stream.end();
    if (streams.size > 0) parts().accountEvents.stop();
    done();
  });
  app.get<{ Params: { account: string } }>(
    '/v1/accounts/:account/events',
    WATCHING.events,
    async (request, reply) => {
      const { accountEvents, overviews, clock, isStillThere } = parts();
      const { account } = request.params;
      await overviews.check(account);
      const listening = { owner: ownerOf(request), account };
      checkShare(streams, listening);
      const stream = new EventStream();
      streams.set(stream, listening);
      const beats = beating(stream, clock, () => isStillThere(request));
      // Whoever does not ask for a stream gets the first note alone.
      const isStream = request.headers.accept?.includes(EVENTS) ?? false;
      try {
        const watch = await accountEvents.watch(account, lastSeen(request), (note) => {
          stream.tell(note);
          if (!isStream) stream.end();
        });
        stream.once('close', () => {
          watch.end();
          beats.cancel();
          streams.delete(stream);
        });
        // Begun while the others were being ended: nothing else would end it.
        if (isClosing) stream.end();
      } catch (error) {
        beats.cancel();
        streams.delete(stream);
        throw error;
      }
      return reply.type(EVENTS).header('x-accel-buffering', 'no').send(stream);
    },
  );
}

/** Another account's token may have the same name. */
function ownerOf({ principal }: FastifyRequest): string {
  return JSON.stringify([principal?.via, principal?.account, principal?.name]);
}

function checkShare(streams: ReadonlyMap<EventStream, Listening>, { owner, account }: Listening): void {
  const open = [...streams.values()];
  const check = (count: number, most: number, what: string) => {
    if (count < most) return;
    throw new CmkError('TOO_MANY_STREAMS', `expected at most ${most} streams of changes ${what}`);
  };
  check(open.filter((each) => each.owner === owner).length, MAX_OF_ONE, 'for one principal');
  check(open.filter((each) => each.account === account).length, MAX_ABOUT_ONE, 'about one account');
}

function lastSeen({ headers }: FastifyRequest): string | null {
  const id = headers['last-event-id'];
  return typeof id === 'string' && id !== '' ? id.slice(0, 200) : null;
}

/** A sign of life every while, until whom it is for may no longer listen. */
function beating(
  stream: EventStream,
  clock: Clock,
  isStillThere: () => Promise<boolean>,
): { cancel(): void } {
  let cancelled = false;
  const beat = async () => {
    // Nobody can tell: then nobody listens.
    const still = await isStillThere().catch(() => false);
    if (cancelled) return;
    if (!still) {
      stream.end();
      return;
    }
    stream.beat();
    timer = clock.schedule(BEAT_MS, () => void beat());
  };
  let timer = clock.schedule(BEAT_MS, () => void beat());
  return {
    cancel() {
      cancelled = true;
      timer.cancel();
    },
  };
}
