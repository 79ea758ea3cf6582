import type { Command } from 'commander';
import { CmkError } from '../../../core/errors.ts';
import type { Io } from '../io.ts';
import { ACCOUNT, addCommand, addSubject } from './command.ts';
import { at, type AccountOptions } from './desk.ts';
import { table } from './text.ts';

interface Lease {
  readonly srvId: string;
  readonly type: string;
  readonly seconds: number;
}

/** `cmk admin leases …`. */
export function addLeases(admin: Command, io: Io): void {
  const leases = addSubject(
    admin,
    'leases',
    'For how long data keys of an asset type may be used before the KMS is asked again.',
  );
  const list = {
    usage: 'list',
    does: 'List the asset types whose data keys are lent for less than 300 s.',
    options: [ACCOUNT],
    help: LIST_HELP,
  };
  addCommand<AccountOptions>(leases, io, list, async (desk, { account }) => {
    await desk.tell(await desk.getAll<'leases', Lease>(at`/v1/accounts/${account}/leases`, 'leases'), inText);
  });
  const set = {
    usage: 'set <service> <type> <seconds>',
    does: 'Lend data keys of a type for so many seconds at the most, from 60 to 300.',
    options: [ACCOUNT],
    help: SET_HELP,
  };
  addCommand<AccountOptions>(leases, io, set, async (desk, { account }, srvId = '', type = '', text = '') => {
    if (!/^\d{1,4}$/.test(text)) {
      throw new CmkError('INVALID_ARGUMENT', `expected a number of seconds from 60 to 300, got ${text}`);
    }
    const path = at`/v1/accounts/${account}/leases/${srvId}/${type}`;
    const { etag } = await desk.read<Lease>(path);
    const answer = await desk.send<Lease>('PUT', path, { seconds: Number(text) }, etag);
    await desk.tell(answer, (lease) => inText({ leases: [lease] }));
  });
}

function inText({ leases }: { leases: readonly Lease[] }): string {
  const rows = leases.map(({ srvId, type, seconds }) => [srvId, type, `${seconds} s`]);
  return table(
    ['service', 'asset type', 'at the most'],
    rows,
    'all data keys are lent for 300 s at the most',
  );
}

const LIST_HELP = `Examples:
  cmk admin leases list --account acme`;

const SET_HELP = `What is lent already ends when it was to end.

Examples:
  cmk admin leases set 0003 PhoneVoicemail 60 --account acme`;
