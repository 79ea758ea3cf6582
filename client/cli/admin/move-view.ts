import { printable } from '../io.ts';
import { causeInWords, count, fields, inWords, table, time } from './text.ts';

/** A move of data keys as the API shows it. */
export interface Move {
  readonly id: string;
  readonly account: string;
  readonly kind: string;
  readonly state: string;
  readonly selection: Selection;
  readonly target: string;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly total: number;
  readonly moved: number;
  readonly left: number;
  readonly failed: number;
  readonly problem: { readonly code: string; readonly detail: string } | null;
  readonly perSecond: number | null;
  readonly estimatedEndAt: number | null;
  readonly failures?: readonly Failure[];
}

export interface Selection {
  readonly kekIds: readonly string[];
  readonly protections?: readonly string[];
  readonly srvId?: string;
  readonly type?: string;
  readonly owners?: readonly string[];
}

interface Failure {
  readonly srvId: string;
  readonly type: string;
  readonly assetId: string;
  readonly generation: number;
  readonly code: string;
  readonly at: number;
}

/** What a move would do. */
export interface Preview {
  readonly kind: string;
  readonly selection: Selection;
  readonly target: string;
  readonly counts: readonly { readonly srvId: string; readonly type: string; readonly count: number }[];
  readonly total: number;
}

const STATE_WORDS = {
  RUNNING: 'runs',
  PAUSED: 'paused',
  DONE: 'done',
  CANCELLED: 'cancelled',
};

export function movesInText({ moves }: { moves: readonly Move[] }): string {
  const rows = moves.map((move) => [
    move.id,
    move.kind.toLowerCase(),
    stateInText(move),
    `${move.moved} of ${move.total}`,
    String(move.failed),
    time(move.startedAt),
    endInText(move),
  ]);
  return table(['move', 'kind', 'state', 'moved', 'cannot be', 'started', 'ends'], rows, 'no moves');
}

export function moveInText(move: Move): string {
  const facts = fields([
    ['move', move.id],
    ['kind', move.kind.toLowerCase()],
    ['state', stateInText(move)],
    ['from', move.selection.kekIds.join(', ')],
    ...selectionInText(move.selection),
    ['to', move.target],
    ['moved', `${move.moved} of ${move.total}, ${move.left} left, ${move.failed} that cannot be moved now`],
    ['rate', rateInText(move)],
    ['started', time(move.startedAt)],
    ['ends', endInText(move)],
  ]);
  const { problem, failures = [] } = move;
  const waits = problem === null ? '' : `\n✘ ${printable(problem.detail)}\n  ${causeInWords(problem.code)}\n`;
  if (failures.length === 0) return `${facts}${waits}`;
  const rows = failures.map((each) => [
    each.srvId,
    each.type,
    String(each.generation),
    time(each.at),
    each.code,
    each.assetId,
  ]);
  const head = ['service', 'asset type', 'generation', 'tried', 'why', 'asset'];
  return `${facts}${waits}\nTried again, so far in vain:\n${table(head, rows, '')}`;
}

export function previewInText(preview: Preview): string {
  const { kind, selection, target, counts, total } = preview;
  const rows = counts.map((each) => [each.srvId, each.type, String(each.count)]);
  return `${fields([
    ['kind', kind.toLowerCase()],
    ['from', selection.kekIds.join(', ')],
    ...selectionInText(selection),
    ['to', target],
  ])}
${table(['service', 'asset type', 'data keys'], rows, 'No data key is to be moved.')}
${count(total, 'data key')} in all
`;
}

/** e.g. `12.3 a second`. */
export function rateInText({ perSecond }: Move): string {
  return perSecond === null ? 'not known yet' : `${perSecond.toFixed(1)} a second`;
}

function stateInText({ state, problem }: Move): string {
  return state === 'RUNNING' && problem !== null ? 'waits' : inWords(STATE_WORDS, state);
}

function endInText({ endedAt, estimatedEndAt }: Move): string {
  if (endedAt !== null) return time(endedAt);
  return estimatedEndAt === null ? 'not known yet' : `${time(estimatedEndAt)} by estimate`;
}

function selectionInText({ protections, srvId, type, owners }: Selection): [string, string][] {
  return [
    ...(srvId === undefined ? [] : [['service', srvId] as [string, string]]),
    ...(type === undefined ? [] : [['type', type] as [string, string]]),
    ...(protections ? [['protection', protections.join(', ')] as [string, string]] : []),
    ...(owners ? [['owners', count(owners.length, 'user')] as [string, string]] : []),
  ];
}
