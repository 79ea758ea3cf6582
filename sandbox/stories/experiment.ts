import { CmkClient } from '../../client/index.ts';
import type { Customer } from '../customers/customer.ts';
import type { MailServer } from '../mail-server.ts';
import type { SandboxSystem } from '../system.ts';
import { fact, heading, passed, quote } from '../terminal.ts';
import {
  ACCOUNT,
  enrolKey,
  RECORDING,
  RETURN_LIMIT_MS,
  REVOCATION_LIMIT_MS,
  type OwnKey,
} from './enrolment.ts';
import { LogReading, showSides, statusOf, type Sides } from './log-and-statuses.ts';
import { must, mustSoon } from './must.ts';
import { openSample, refusalOf, sealSample, type SealedSample } from './samples.ts';

/** Who is mailed. */
const CONTACT = 'security@acme.example';
/** Another customer of the provider, who has no key of their own. */
const NEIGHBOUR = 'umbrella';
/** A key in trouble is asked each 10 s; then its status is written. */
const STATUS_LIMIT_MS = 30_000;
/** Mails about one region come each 10 s at the most, in this story. */
const MAIL_LIMIT_MS = 30_000;

/** Settings of the broker in this story that differ from the defaults. */
export function experimentSettings({ url }: Pick<MailServer, 'url'>): Record<string, string> {
  return { CMK_SMTP_URL: url, CMK_MAIL_FROM: 'cmk@provider.example', CMK_ALERT_WINDOW: '10s' };
}

interface Experiment {
  readonly system: SandboxSystem;
  /** The same customer's other KMS. */
  readonly elsewhere: Customer;
  readonly mail: MailServer;
  readonly recorder: CmkClient;
  readonly phone: CmkClient;
}

/**
 * What a security officer tries before trusting a provider: one region's key off, both off, on again, destroyed, and
 * new keys elsewhere.
 * @param system with a key in two regions, and another KMS of the customer's
 * @throws Error when a step does not come out as told
 */
export async function tellExperiment(system: SandboxSystem, mail: MailServer): Promise<void> {
  const { elsewhere } = system;
  must(elsewhere !== null, 'the experiment needs a second KMS');
  const recorder = new CmkClient({ address: system.sidecars.recorder.address });
  const phone = new CmkClient({ address: system.sidecars.phone.address });
  const experiment = { system, elsewhere, mail, recorder, phone };
  try {
    fact('One setting differs from its default: CMK_ALERT_WINDOW is 10 s instead of 15 min, so that every');
    fact('mail comes while you watch.');
    const key = await enrolKey(system, system.customer);
    await nameContact(experiment);
    const monday = await recordBefore(experiment, key);
    const tuesday = await disableFirst(experiment, key, monday);
    const old = [monday, tuesday];
    await disableBoth(experiment, key, old);
    const wednesday = await enableBoth(experiment, key, old);
    const all = [...old, wednesday];
    await destroyBoth(experiment, key, all);
    await goElsewhere(experiment, all);
  } finally {
    recorder.close();
    phone.close();
  }
}

async function nameContact({ system: { admin } }: Experiment): Promise<void> {
  heading('Acme says who is told when something happens to the key');
  await admin.putContacts(ACCOUNT, [CONTACT]);
  fact(`Mails go to ${CONTACT}; here they arrive at a mail server of this sandbox.`);
}

async function recordBefore(experiment: Experiment, key: OwnKey): Promise<SealedSample> {
  heading('Before: a meeting is recorded, and opens');
  await experiment.system.admin.putAccount(NEIGHBOUR, { name: 'Umbrella Ltd.', licence: 'NONE' });
  const log = await LogReading.start(experiment.system.customer);
  const monday = await record(experiment, 'monday');
  await openSample(experiment.recorder, monday);
  passed(`“monday” is sealed under Acme’s key in ${placeOf(experiment, monday)}, and opens`);
  await meetingsGoOn(experiment, 'before');
  await showSides(sidesOf(experiment, key, log));
  return monday;
}

async function disableFirst(
  experiment: Experiment,
  key: OwnKey,
  monday: SealedSample,
): Promise<SealedSample> {
  const { system, recorder } = experiment;
  const { customer, admin } = system;
  const [first, second = ''] = key.references;
  const [firstPlace, secondPlace] = [customer.placeOf(first), customer.placeOf(second)];
  heading(`Acme disables the key in ${firstPlace}, and leaves ${secondPlace} alone`);
  const log = await LogReading.start(customer);
  const mails = mailsFrom(experiment);
  await customer.disable([first]);
  const { ms } = await mustSoon(`status FAILED in ${firstPlace}`, STATUS_LIMIT_MS, async () =>
    (await statusOf(admin, first, 'DECRYPT')) === 'FAILED' ? true : null,
  );
  passed(`after ${seconds(ms)} the broker says of ${firstPlace}: decrypt status FAILED`);
  await admin.revokeNow(key.id);
  fact('To be sure that no cache helps, the operator has every data key of Acme forgotten (“Revoke now”).');
  await openSample(recorder, monday);
  passed(`“monday” still opens: ${secondPlace} unwrapped its data key`);
  const tuesday = await record(experiment, 'tuesday');
  must(
    placeOf(experiment, tuesday) === secondPlace,
    `“tuesday” was sealed in ${placeOf(experiment, tuesday)}`,
  );
  passed(`a new recording, “tuesday”, is sealed under the key in ${secondPlace}`);
  const uses = await log.allowedIn(secondPlace, monday.asset);
  must(uses.includes('Decrypt'), `Acme’s log has no Decrypt for “monday” in ${secondPlace}`);
  await allStatuses(experiment, [first], 'FAILED');
  await showSides(sidesOf(experiment, key, log));
  await showMail(mails, first, 'cannot be used');
  return tuesday;
}

async function disableBoth(experiment: Experiment, key: OwnKey, old: readonly SealedSample[]): Promise<void> {
  const { customer } = experiment.system;
  const [, second = ''] = key.references;
  heading(`Acme disables the key in ${customer.placeOf(second)} too`);
  const log = await LogReading.start(customer);
  const mails = mailsFrom(experiment);
  await customer.disable([second]);
  await closes(experiment, old, 'KEY_DISABLED');
  await recordingFails(experiment, 'KEY_DISABLED');
  await meetingsGoOn(experiment, 'both-disabled');
  await allStatuses(experiment, key.references, 'FAILED');
  await showSides(sidesOf(experiment, key, log));
  await showMail(mails, second, 'cannot be used');
}

async function enableBoth(
  experiment: Experiment,
  key: OwnKey,
  old: readonly SealedSample[],
): Promise<SealedSample> {
  const { customer } = experiment.system;
  heading('Acme enables both again');
  const log = await LogReading.start(customer);
  const mails = mailsFrom(experiment);
  await customer.enable(key.references);
  const { ms } = await mustSoon('everything opens again', RETURN_LIMIT_MS, () => allOpen(experiment, old));
  passed(`${names(old)} open again, ${seconds(ms)} after`);
  const wednesday = await record(experiment, 'wednesday');
  passed(`a new recording, “wednesday”, is sealed under the key in ${placeOf(experiment, wednesday)}`);
  await allStatuses(experiment, key.references, 'OK');
  await showSides(sidesOf(experiment, key, log));
  await showMail(mails, key.references[0], 'works again');
  return wednesday;
}

async function destroyBoth(experiment: Experiment, key: OwnKey, old: readonly SealedSample[]): Promise<void> {
  const { customer } = experiment.system;
  heading('Acme has the key destroyed, in both regions');
  const log = await LogReading.start(customer);
  const mails = mailsFrom(experiment);
  await customer.destroy(key.references);
  fact('AWS waits for some days before it deletes a key; until then Acme can still think again.');
  await closes(experiment, old, 'KEY_PENDING_DELETION');
  await recordingFails(experiment, 'KEY_PENDING_DELETION');
  await allStatuses(experiment, key.references, 'FAILED');
  await showSides(sidesOf(experiment, key, log));
  await showMail(mails, key.references[0], 'cannot be used');
}

async function goElsewhere(experiment: Experiment, old: readonly SealedSample[]): Promise<void> {
  const { elsewhere, system, recorder } = experiment;
  const { admin } = system;
  fact(`Acme goes on with a key of ${elsewhere.words.service}.`);
  const { references } = await enrolKey(system, elsewhere);
  heading('What the new key opens, and what it does not');
  const log = await LogReading.start(elsewhere);
  const thursday = await record(experiment, 'thursday');
  const place = elsewhere.placeOf(references[0]);
  must(elsewhere.placeOf(thursday.keyInUse) === place, `“thursday” is under ${thursday.keyInUse}`);
  await openSample(recorder, thursday);
  passed(`“thursday” is sealed under the new key, in ${place}, and opens`);
  await closes(experiment, old, 'KEY_PENDING_DELETION');
  await meetingsGoOn(experiment, 'elsewhere');
  const lifecycles = (await admin.keys(ACCOUNT)).map(({ lifecycle }) => lifecycle).join();
  must(lifecycles === 'ACTIVE,DECRYPT_ONLY', `the keys, the newest first, are ${lifecycles}`);
  passed('the new key is ACTIVE; the destroyed one DECRYPT_ONLY, and can do nothing');
  await showSides({ admin, customer: elsewhere, log, references });
  fact('Had Acme meant to keep the old recordings, it would have had to move them to the new key before.');
}

/** Everything that was sealed before must end to open, within a probe's time. */
async function closes(experiment: Experiment, old: readonly SealedSample[], code: string): Promise<void> {
  for (const sample of old) {
    const { seen, ms } = await mustSoon(`“${sample.asset.id}” is refused`, REVOCATION_LIMIT_MS, () =>
      refusalOf(openSample(experiment.recorder, sample)),
    );
    must(seen.code === code, `“${sample.asset.id}” was refused with ${seen.code}, not ${code}`);
    passed(`“${sample.asset.id}” does not open, ${seconds(ms)} after: ${seen.code}, ${seen.message}`);
  }
}

async function recordingFails(experiment: Experiment, code: string): Promise<void> {
  const refusal = await refusalOf(record(experiment, `refused-${code}`));
  must(refusal?.code === code, `a new recording: ${refusal?.code ?? 'it was made'}, not ${code}`);
  passed(`a new recording fails: ${refusal.code}; nothing is stored that the key does not protect`);
}

/** What no customer key protects: calls of the same account, and everything of another. */
async function meetingsGoOn({ recorder, phone }: Experiment, id: string): Promise<void> {
  const others = [
    { client: phone, asset: { account: ACCOUNT, srvId: '0002', type: 'PhoneRecording', id } },
    { client: recorder, asset: { account: NEIGHBOUR, ...RECORDING, id } },
  ];
  for (const { client, asset } of others) {
    const sample = await sealSample(client, asset);
    must(sample.protection === 'PLATFORM_KEY', `${asset.account}: protected by ${sample.protection}`);
    await openSample(client, sample);
  }
  passed('everything else goes on: Acme’s phone calls, which it did not enrol, and Umbrella’s meetings');
}

async function record({ recorder }: Experiment, id: string): Promise<SealedSample> {
  const sample = await sealSample(recorder, { account: ACCOUNT, ...RECORDING, id });
  must(sample.protection === 'CUSTOMER_KEY', `“${id}” is protected by ${sample.protection}`);
  return sample;
}

async function allOpen({ recorder }: Experiment, samples: readonly SealedSample[]): Promise<true | null> {
  try {
    for (const sample of samples) await openSample(recorder, sample);
    return true;
  } catch {
    return null;
  }
}

async function allStatuses(
  experiment: Experiment,
  references: readonly string[],
  status: string,
): Promise<void> {
  const { admin } = experiment.system;
  const places = references.map((reference) => experiment.system.customer.placeOf(reference)).join(' and ');
  const { ms } = await mustSoon(`every status ${status}`, STATUS_LIMIT_MS, async () => {
    for (const reference of references) {
      for (const use of ['ENCRYPT', 'DECRYPT'] as const) {
        if ((await statusOf(admin, reference, use)) !== status) return null;
      }
    }
    return true;
  });
  passed(`both statuses of ${places} are ${status}, ${seconds(ms)} later`);
}

/** The mails that come from now on. */
function mailsFrom({ mail: { mails } }: Experiment): () => MailServer['mails'] {
  const known = mails.length;
  return () => mails.slice(known);
}

async function showMail(mails: () => MailServer['mails'], reference: string, says: string): Promise<void> {
  const { seen, ms } = await mustSoon(`a mail: ${reference} ${says}`, MAIL_LIMIT_MS, () => {
    return mails().find(({ subject }) => subject.includes(reference) && subject.includes(says)) ?? null;
  });
  must(seen.to.join() === CONTACT, `the mail went to ${seen.to.join()}`);
  fact(`A mail to ${CONTACT}, ${seconds(ms)} later:`);
  quote(`Subject: ${seen.subject}\n`);
  quote(seen.part('text/plain').replaceAll('\r\n', '\n').trimEnd());
}

function sidesOf(
  { system: { admin, customer } }: Experiment,
  { references }: OwnKey,
  log: LogReading,
): Sides {
  return { admin, customer, log, references };
}

function placeOf({ system: { customer } }: Experiment, { keyInUse }: SealedSample): string {
  return customer.placeOf(keyInUse);
}

function names(samples: readonly SealedSample[]): string {
  return samples.map(({ asset }) => `“${asset.id}”`).join(' and ');
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
