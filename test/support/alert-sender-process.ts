/**
 * A broker's outbox as a process of its own, to be killed: raises one alert in the store that its first argument names,
 * then delivers to the mail server that its second argument names.
 */
import { Outbox } from '../../broker/alerts/outbox.ts';
import { openStore, type StoreLocation } from '../../broker/store/open-store.ts';
import { systemClock } from '../../runtime/clock.ts';
import { mailSender } from './alert-world.ts';
import { anAlert } from './stored-facts.ts';

const [location, url] = process.argv.slice(2);
const store = await openStore(JSON.parse(location ?? '') as StoreLocation);
const outbox = new Outbox({
  store,
  senders: { MAIL: mailSender(url ?? ''), WEBHOOK: null },
  clock: systemClock,
  random: Math.random,
  observer: { alertDelivery: () => undefined, backgroundFailed: () => undefined },
  windowMs: 900_000,
  timeoutMs: 30_000,
  giveUpMs: 86_400_000,
});
outbox.start();
// It is settled already, so that it goes out at once.
await store.alerts.raise([anAlert({}, { at: Date.now() - 10_000 })]);
process.stdout.write('raised\n');
// The clock's timers keep no process alive.
setInterval(() => undefined, 1_000);
