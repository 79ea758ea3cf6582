import { count, table } from './text.ts';

interface Outlook {
  readonly protection: string;
  readonly reason: string;
}

/** What a change of coverage would do. */
export interface Preview {
  readonly newAssets: readonly {
    readonly srvId: string;
    readonly type: string;
    readonly owners: string | readonly string[];
    readonly before: Outlook;
    readonly after: Outlook;
  }[];
  readonly existing: readonly {
    readonly srvId: string;
    readonly type: string;
    readonly kind: string;
    readonly count: number;
    readonly ownerUnknown: number;
  }[];
}

const OWNER_WORDS: Readonly<Record<string, string>> = {
  EVERYONE: 'everybody',
  LICENSED: 'members of licensed groups',
  NOT_LICENSED: 'all others',
};

/** Whether something that the customer's key protects would not be protected by it any more. */
export function shrinks({ newAssets, existing }: Preview): boolean {
  const isLess = ({ before, after }: { before: Outlook; after: Outlook }) =>
    before.protection === 'CUSTOMER_KEY' && after.protection !== 'CUSTOMER_KEY';
  return newAssets.some(isLess) || existing.some(({ kind }) => kind === 'SHRINK' || kind === 'LEAVE');
}

export function previewInText({ newAssets, existing }: Preview): string {
  const changes = newAssets.map(({ srvId, type, owners, before, after }) => [
    srvId,
    type,
    typeof owners === 'string' ? (OWNER_WORDS[owners] ?? owners) : count(owners.length, 'user'),
    before.protection,
    `${after.protection} (${after.reason})`,
  ]);
  const moves = existing.map((each) => [
    each.srvId,
    each.type,
    each.kind.toLowerCase(),
    String(each.count),
    String(each.ownerUnknown),
  ]);
  const newHead = ['service', 'asset type', 'new assets of', 'now', 'then'];
  const oldHead = ['service', 'asset type', 'existing may', 'data keys', 'stay, as their owner is not known'];
  return `${table(newHead, changes, 'Nothing changes for new assets.')}
${table(oldHead, moves, 'No existing data would follow.')}`;
}
