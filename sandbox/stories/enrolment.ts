import type { Customer, References } from '../customers/customer.ts';
import type { SandboxSystem } from '../system.ts';
import { fact, heading, passed, quote } from '../terminal.ts';
import { must } from './must.ts';

/** The customer of the stories, as the provider knows it. */
export const ACCOUNT = 'acme';
export const OWNER = 'maria@acme.example';
/** What the customer's key protects. */
export const RECORDING = { srvId: '0001', type: 'MeetingWebinarRecording' } as const;
/** How long a revocation may take to be noticed: a probe each 10 s, and one call's time. */
export const REVOCATION_LIMIT_MS = 15_000;
/** And a return: a key that refused is not asked again at once. */
export const RETURN_LIMIT_MS = 10_000;

/** What the broker tried on the key, in words. */
const STEPS: Record<string, string> = {
  NOT_ENROLLED_ELSEWHERE: 'no other account has it',
  DESCRIBE: 'it is enabled',
  KIND: 'it is of the right kind',
  DELETION_PROTECTION: 'nobody can destroy it at once',
  GENERATE: 'it makes data keys',
  WRAP: 'it wraps a data key that there is already',
  UNWRAP: 'it unwraps them',
  UNWRAP_WRONG_CONTEXT: 'it refuses them under another asset’s context, and another account’s',
};

/** A key of the customer that the broker may use. */
export interface OwnKey {
  /** The broker's name of it. */
  readonly id: string;
  readonly references: References;
}

/** The customer makes a key and allows its use; the provider verifies it and enrols it, and recordings with it. */
export async function enrolKey({ admin }: SandboxSystem, customer: Customer): Promise<OwnKey> {
  const { words } = customer;
  heading('The customer makes a key and lets the provider use it');
  const references = await customer.createKey();
  await customer.allowBroker(references, ACCOUNT);
  fact(words.key);
  for (const reference of references) quote(reference);
  fact(words.permission);

  heading('The provider verifies the key and enrols it');
  await admin.putAccount(ACCOUNT, { name: 'Acme Inc.', licence: 'ACCOUNT' });
  const enrolled = await admin.enrolKey(ACCOUNT, references, customer.kms);
  for (const { step, reference, outcome, detail } of enrolled.steps) {
    must(outcome === 'OK', `${step} of ${reference}: ${detail ?? outcome}`);
    passed(`${customer.placeOf(reference)}: ${words.steps[step] ?? STEPS[step] ?? step}`);
  }
  await admin.enrolType(ACCOUNT, RECORDING.srvId, RECORDING.type);
  fact('Licence: the whole account. Asset type: meeting and webinar recordings.');
  return { id: enrolled.key.id, references };
}
