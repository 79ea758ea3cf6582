import type { Command } from 'commander';
import type { Io } from '../io.ts';
import { ACCOUNT, addCommand, YES } from './command.ts';
import { confirm } from './confirm.ts';
import { at, type AccountOptions, type Desk } from './desk.ts';
import { blastRadiusOf, radiusInText, type BlastRadius } from './blast-radius.ts';
import { findKey, keyInText, type Key } from './key-view.ts';
import { stepsInText, type Step } from './verification.ts';

type Confirmed = AccountOptions & { readonly yes?: string };

/** The commands of `cmk admin keys` that change a key, and what hangs on it. */
export function addKeyLife(keys: Command, io: Io): void {
  const radius = {
    usage: 'blast-radius <key>',
    does: 'Show what becomes unreadable if a key dies. Changes nothing.',
    options: [ACCOUNT],
    help: RADIUS_HELP,
  };
  addCommand<AccountOptions>(keys, io, radius, async (desk, { account }, name: string) => {
    const key = await findKey(desk, account, name);
    const blastRadius = await blastRadiusOf(desk, account, key);
    await desk.tell({ blastRadius }, () => radiusInText(key, blastRadius));
  });
  const retire = {
    usage: 'retire <key>',
    does: 'Let a key open nothing any more.',
    options: [ACCOUNT, YES],
    help: RETIRE_HELP,
  };
  addCommand<Confirmed>(keys, io, retire, retireKey);
  const restore = {
    usage: 'restore <key>',
    does: 'Let a retired key open again what it protects, and the newest one also protect new assets.',
    options: [ACCOUNT],
    help: RESTORE_HELP,
  };
  addCommand<AccountOptions>(keys, io, restore, async (desk, { account }, name: string) => {
    const { id } = await findKey(desk, account, name);
    const answer = await desk.send<{ key: Key }>('POST', at`/v1/accounts/${account}/keys/${id}/restore`);
    await desk.tell(answer, ({ key }) => keyInText(key));
  });
  const revoke = {
    usage: 'revoke <key>',
    does: 'Make every broker and sidecar forget now what a key opened.',
    options: [ACCOUNT, YES],
    help: REVOKE_HELP,
  };
  addCommand<Confirmed>(keys, io, revoke, revokeKey);
  const references = {
    usage: 'references <key> [reference...]',
    does: 'Show under which names a key is reached, or set them, in the order to try.',
    options: [ACCOUNT, YES],
    help: REFERENCES_HELP,
  };
  addCommand<Confirmed>(keys, io, references, async (desk, options, name: string, wanted: unknown) =>
    setReferences(desk, options, name, wanted as readonly string[]),
  );
}

async function retireKey(desk: Desk, { account, yes }: Confirmed, name: string): Promise<void> {
  const key = await findKey(desk, account, name);
  const radius = await blastRadiusOf(desk, account, key);
  const consequences = `Retiring it, nothing opens any more what only this key protects.\n${radiusInText(key, radius, true)}`;
  await confirm({ account, yes, consequences }, desk.io);
  // What was shown is what is confirmed: when more hangs on it by now, the broker refuses.
  const body = {
    ...(radius.dataKeys > 0 && { acceptUnreadable: true, dataKeys: radius.dataKeys }),
    ...(radius.newDataIfRetired === 'PLATFORM_KEY' && { acceptNoKey: true }),
  };
  const answer = await desk.send<object>('POST', at`/v1/accounts/${account}/keys/${key.id}/retire`, body);
  await desk.tell(answer, () => `key ${key.id} is retired; "cmk admin keys restore" brings it back\n`);
}

async function revokeKey(desk: Desk, { account, yes }: Confirmed, name: string): Promise<void> {
  const key = await findKey(desk, account, name);
  const radius = await blastRadiusOf(desk, account, key);
  const consequences = `Running streams stop, and ask the KMS again. It decides about every next use.\n${radiusInText(key, radius)}`;
  await confirm({ account, yes, consequences }, desk.io);
  const answer = await desk.send<{ position: number }>(
    'POST',
    at`/v1/accounts/${account}/keys/${key.id}/revoke`,
  );
  await desk.tell(answer, ({ position }) => `revoked, as event ${position}\n`);
}

async function setReferences(
  desk: Desk,
  { account, yes }: Confirmed,
  name: string,
  references: readonly string[],
): Promise<void> {
  const key = await findKey(desk, account, name);
  if (references.length === 0) {
    return desk.tell({ references: key.references }, listed);
  }
  const path = at`/v1/accounts/${account}/keys/${key.id}/references`;
  const { answer: stored, etag } = await desk.read<{ references: string[] }>(path);
  const removed = stored.references.filter((reference) => !references.includes(reference));
  if (removed.length > 0) {
    const radius = await blastRadiusOf(desk, account, key);
    await confirm({ account, yes, consequences: removal(key, removed, radius) }, desk.io);
  }
  const answer = await desk.send<{ references: string[]; steps: Step[] }>('PUT', path, { references }, etag);
  await desk.tell(answer, (set) => `${stepsInText(set.steps)}${listed(set)}`);
}

function removal(key: Key, removed: readonly string[], radius: BlastRadius): string {
  return `It is no longer reached as\n  ${removed.join('\n  ')}\n${radiusInText(key, radius)}`;
}

function listed({ references }: { references: readonly string[] }): string {
  return references.map((reference, index) => `${index + 1}  ${reference}\n`).join('');
}

const RADIUS_HELP = `Examples:
  cmk admin keys blast-radius 018bcfe5-6800-7000-8000-000000000001 --account acme`;

const RETIRE_HELP = `Shows the blast radius and asks for confirmation. A key that still protects assets is better replaced: enrol another,
then move what the old one protects ("cmk admin moves start --kind rotate"). A customer who leaves takes the licence away
and has existing assets follow ("cmk admin coverage apply"); then nothing needs the key any more.

Examples:
  cmk admin keys retire 018bcfe5-6800-7000-8000-000000000001 --account acme
  cmk admin keys retire 018bcfe5-6800-7000-8000-000000000001 --account acme --yes acme`;

const RESTORE_HELP = `Examples:
  cmk admin keys restore 018bcfe5-6800-7000-8000-000000000001 --account acme`;

const REVOKE_HELP = `Shows the blast radius and asks for confirmation. The key itself is not changed: take it away in its KMS first.

Examples:
  cmk admin keys revoke 018bcfe5-6800-7000-8000-000000000001 --account acme`;

const REFERENCES_HELP = `Names that are new are verified first; those that are not given again are removed, which asks for confirmation.

Examples:
  cmk admin keys references 018bcfe5-6800-7000-8000-000000000001 --account acme
  cmk admin keys references 018bcfe5-6800-7000-8000-000000000001 --account acme \\
    arn:aws:kms:eu-central-1:111122223333:key/mrk-1 arn:aws:kms:eu-west-1:111122223333:key/mrk-1`;
