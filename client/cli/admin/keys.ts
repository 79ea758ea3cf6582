import { Option, type Command } from 'commander';
import { CmkError } from '../../../core/errors.ts';
import type { Io } from '../io.ts';
import { ACCOUNT, addCommand, addSubject, choice } from './command.ts';
import { at, type AccountOptions, type Desk } from './desk.ts';
import { findKey, keysOf, keyInText, keysInText, type Key } from './key-view.ts';
import { failureOf, stepsInText, type Step } from './verification.ts';

interface CandidateOptions extends AccountOptions {
  readonly provider?: string;
  readonly reference?: readonly string[];
  readonly role?: string;
}

export const PROVIDERS = ['aws', 'azure', 'oci', 'transit', 'pkcs11'] as const;

const CANDIDATE = [
  choice('--provider <kms>', 'whose KMS it is in', PROVIDERS),
  new Option(
    '--reference <name...>',
    'the key’s name in its KMS, then those of its replicas in the order to try',
  ),
  new Option('--role <arn>', 'AWS: the role in the customer’s account through which it is reached'),
];

/** `cmk admin keys …`. @returns it, for more */
export function addKeys(admin: Command, io: Io): Command {
  const keys = addSubject(admin, 'keys', 'Customers’ keys: how they come, how they are, how they go.');
  const list = {
    usage: 'list',
    does: 'List an account’s keys, newest first.',
    options: [ACCOUNT],
    help: LIST_HELP,
  };
  addCommand<AccountOptions>(keys, io, list, async (desk, { account }) => {
    await desk.tell(await keysOf(desk, account), keysInText);
  });
  const show = {
    usage: 'show <key>',
    does: 'Show a key, how each use of it goes, and what to do about what fails.',
    options: [ACCOUNT],
    help: SHOW_HELP,
  };
  addCommand<AccountOptions>(keys, io, show, async (desk, { account }, name: string) => {
    const { id } = await findKey(desk, account, name);
    await desk.tell(await desk.get<{ key: Key }>(at`/v1/accounts/${account}/keys/${id}`), ({ key }) =>
      keyInText(key),
    );
  });
  const enrol = {
    usage: 'enrol',
    does: 'Verify a key, step by step, and let it protect the account’s new assets.',
    options: [ACCOUNT, ...CANDIDATE],
    help: ENROL_HELP,
  };
  addCommand<CandidateOptions>(keys, io, enrol, async (desk, options) => {
    const path = at`/v1/accounts/${options.account}/keys`;
    const answer = await desk.send<{ key: Key; steps: Step[] }>('POST', path, candidateOf(options));
    await desk.tell(answer, ({ key, steps }) => `${stepsInText(steps)}\n${keyInText(key)}`);
  });
  const verify = {
    usage: 'verify [key]',
    does: 'Try a key, step by step: one that is enrolled, or one that is not yet.',
    options: [ACCOUNT, ...CANDIDATE],
    help: VERIFY_HELP,
  };
  addCommand<CandidateOptions>(keys, io, verify, verifyKey);
  return keys;
}

async function verifyKey(desk: Desk, options: CandidateOptions, name?: string): Promise<void> {
  const { account } = options;
  const isGiven =
    options.provider !== undefined || options.reference !== undefined || options.role !== undefined;
  if (name !== undefined && isGiven) {
    throw new CmkError('INVALID_ARGUMENT', 'expected a key, or --provider and --reference, got both');
  }
  const path =
    name === undefined
      ? at`/v1/accounts/${account}/keys/verify`
      : at`/v1/accounts/${account}/keys/${(await findKey(desk, account, name)).id}/verify`;
  const body = name === undefined ? candidateOf(options) : undefined;
  const answer = await desk.send<{ ok: boolean; steps: Step[] }>('POST', path, body);
  await desk.tell(answer, ({ steps }) => stepsInText(steps));
  if (!answer.ok) throw failureOf(answer.steps);
}

function candidateOf({ provider, reference: references, role }: CandidateOptions): object {
  if (provider === undefined || references === undefined) {
    throw new CmkError('INVALID_ARGUMENT', 'expected --provider and --reference');
  }
  return { provider, references, ...(role === undefined ? {} : { role }) };
}

const LIST_HELP = `Examples:
  cmk admin keys list --account acme
  cmk admin keys list --account acme --json | jq -r '.keys[] | select(.lifecycle == "ACTIVE") | .id'`;

const SHOW_HELP = `A key is named by its id, or by one of its names in its KMS.

Examples:
  cmk admin keys show arn:aws:kms:eu-central-1:111122223333:key/mrk-1 --account acme`;

const ENROL_HELP = `When a step fails, nothing is enrolled, and what to do stands under the step. "cmk admin keys set-up" shows what the
customer has to prepare.

Examples:
  cmk admin keys enrol --account acme --provider aws \\
    --reference arn:aws:kms:eu-central-1:111122223333:key/mrk-1 arn:aws:kms:eu-west-1:111122223333:key/mrk-1 \\
    --role arn:aws:iam::111122223333:role/cmk`;

const VERIFY_HELP = `Nothing is enrolled. A key that is enrolled must also open what it wrapped before.

Examples:
  cmk admin keys verify --account acme --provider transit --reference https://vault.acme.example/v1/transit/keys/cmk
  cmk admin keys verify 018bcfe5-6800-7000-8000-000000000001 --account acme`;
