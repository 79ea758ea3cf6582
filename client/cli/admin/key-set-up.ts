import { Option, type Command } from 'commander';
import { CmkError } from '../../../core/errors.ts';
import { printable, type Io } from '../io.ts';
import { ACCOUNT, addCommand, choice } from './command.ts';
import { at, queryOf, type AccountOptions, type Desk } from './desk.ts';
import { PROVIDERS } from './keys.ts';

interface Document {
  readonly title: string;
  readonly who: string;
  readonly language: string;
  readonly text: string;
  readonly note?: string;
}

type Facts = Readonly<Record<string, string | undefined>>;
type SetUpOptions = AccountOptions & {
  readonly provider: (typeof PROVIDERS)[number];
  readonly document?: string;
};

/** What must be known for each KMS, as the API names it, and what may be. */
const FACTS: Readonly<
  Record<(typeof PROVIDERS)[number], { needs: readonly string[]; takes: readonly string[] }>
> = {
  aws: { needs: ['awsAccount', 'regions'], takes: ['keyId', 'roleName'] },
  azure: { needs: ['kind', 'vault', 'key', 'subscription', 'resourceGroup', 'location'], takes: [] },
  oci: { needs: ['tenancy', 'compartment', 'key'], takes: [] },
  transit: { needs: ['url', 'method', 'role'], takes: ['namespace', 'loginMount'] },
  pkcs11: { needs: ['uri'], takes: [] },
};

const WHO_WORDS: Readonly<Record<string, string>> = { CUSTOMER: 'the customer', PROVIDER: 'the provider' };

/** `cmk admin keys set-up`. */
export function addKeySetUp(keys: Command, io: Io): void {
  const facts = {
    usage: 'set-up',
    does: 'Show what a customer has to paste or run before a key of theirs can be enrolled. Changes nothing.',
    options: [
      ACCOUNT,
      choice('--provider <kms>', 'whose KMS the key is, or will be, in', PROVIDERS).makeOptionMandatory(),
      new Option('--document <number>', 'print this document alone, and nothing around it'),
      new Option('--aws-account <id>', 'aws: the customer’s account, twelve digits'),
      new Option('--regions <names>', 'aws: the key’s region, then those of its replicas, between commas'),
      new Option('--key-id <id>', 'aws: the key, if there is one already'),
      new Option('--role-name <name>', 'aws: the role to be assumed, if there is to be one'),
      new Option('--kind <kind>', 'azure: vault or managed-hsm'),
      new Option('--vault <name>', 'azure: of the vault or HSM'),
      new Option('--key <name>', 'azure: the key’s name; oci: its OCID'),
      new Option('--subscription <id>', 'azure'),
      new Option('--resource-group <name>', 'azure'),
      new Option('--location <name>', 'azure: e.g. westeurope'),
      new Option('--tenancy <ocid>', 'oci: the customer’s'),
      new Option('--compartment <name>', 'oci: where the key is'),
      new Option('--url <url>', 'transit: of the key'),
      new Option('--method <name>', 'transit: how the broker logs in: kubernetes, jwt or token'),
      new Option('--role <name>', 'transit: as which it logs in'),
      new Option('--namespace <name>', 'transit: if there is one'),
      new Option('--login-mount <path>', 'transit: where it logs in, if that is not the usual place'),
      new Option('--uri <uri>', 'pkcs11: of the key'),
    ],
    help: HELP,
  };
  addCommand<SetUpOptions>(keys, io, facts, setUp);
}

async function setUp(desk: Desk, options: SetUpOptions): Promise<void> {
  const { account, provider, document } = options;
  const path = at`/v1/accounts/${account}/key-set-up`;
  const query = queryOf({ provider, ...factsOf(provider, options as unknown as Facts) });
  const answer = await desk.get<{ documents: Document[] }>(`${path}${query}`);
  if (document === undefined) return desk.tell(answer, inText);
  const { documents } = answer;
  const wanted = /^[1-9]\d{0,3}$/.test(document) ? documents[Number(document) - 1] : undefined;
  if (wanted) return desk.raw(wanted.text);
  throw new CmkError(
    'INVALID_ARGUMENT',
    `--document: expected a number from 1 to ${documents.length}, got ${document}`,
  );
}

function factsOf(provider: SetUpOptions['provider'], options: Facts): Facts {
  const { needs, takes } = FACTS[provider];
  const missing = needs.filter((name) => options[name] === undefined);
  if (missing.length > 0) {
    throw new CmkError('INVALID_ARGUMENT', `${provider}: expected also ${missing.map(flagOf).join(', ')}`);
  }
  const known = [...needs, ...takes];
  const foreign = Object.values(FACTS)
    .flatMap((each) => [...each.needs, ...each.takes])
    .find((name) => options[name] !== undefined && !known.includes(name));
  if (foreign !== undefined) {
    throw new CmkError('INVALID_ARGUMENT', `${provider}: expected no ${flagOf(foreign)}`);
  }
  return Object.fromEntries(known.map((name) => [name, options[name]]));
}

function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** Texts are shown as they are, to be pasted: the API makes them of facts that it has checked. */
function inText({ documents }: { documents: readonly Document[] }): string {
  return documents
    .map(({ title, who, language, text, note }, index) => {
      const head = `${index + 1}  ${title} (for ${WHO_WORDS[who] ?? who}; ${language})`;
      const under = note === undefined ? '' : `   ${printable(note)}\n`;
      const lines = text.trimEnd().split('\n').map(printable);
      return `${printable(head)}\n${under}\n${lines.join('\n')}\n`;
    })
    .join('\n');
}

const HELP = `Examples:
  cmk admin keys set-up --account acme --provider aws --aws-account 111122223333 --regions eu-central-1,eu-west-1
  cmk admin keys set-up --account acme --provider aws --aws-account 111122223333 --regions eu-central-1 \\
    --document 1 > key-policy.json
  cmk admin keys set-up --account acme --provider transit --url https://vault.acme.example/v1/transit/keys/cmk \\
    --method jwt --role cmk-broker
  cmk admin keys set-up --account acme --provider pkcs11 --uri 'pkcs11:token=HSM;object=cmk'`;
