import { readFileSync } from 'node:fs';

/** One target of deploy/images/Dockerfile. */
export interface ImageTarget {
  readonly from: string;
  /** What it copies: sources, then the destination. */
  readonly copies: readonly (readonly string[])[];
  readonly user: string | null;
  readonly entrypoint: readonly string[];
  /** What it sets itself, not what it has from its base. */
  readonly env: Readonly<Record<string, string>>;
  readonly instructions: readonly string[];
}

/** The file's targets by name; continued lines are joined. */
export function dockerfileTargets(): Readonly<Record<string, ImageTarget>> {
  const lines = readFileSync('deploy/images/Dockerfile', 'utf8')
    .replace(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const targets: Record<string, ImageTarget> = {};
  for (const [index, line] of lines.entries()) {
    const [, from = '', name = ''] = /^FROM (\S+) AS (\S+)$/.exec(line) ?? [];
    if (!name) continue;
    const rest = lines.slice(index + 1);
    const end = rest.findIndex((each) => each.startsWith('FROM '));
    const instructions = end === -1 ? rest : rest.slice(0, end);
    const last = (word: string) =>
      instructions.findLast((each) => each.startsWith(`${word} `))?.slice(word.length + 1);
    targets[name] = {
      from,
      instructions,
      copies: instructions
        .filter((each) => each.startsWith('COPY '))
        .map((each) =>
          each
            .split(' ')
            .slice(1)
            .filter((word) => !word.startsWith('--')),
        ),
      user: last('USER') ?? null,
      env: Object.fromEntries(
        last('ENV')
          ?.split(' ')
          .map((each) => each.split('=') as [string, string]) ?? [],
      ),
      entrypoint: JSON.parse(last('ENTRYPOINT') ?? '[]') as string[],
    };
  }
  return targets;
}
