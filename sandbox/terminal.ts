import { styleText } from 'node:util';

/** What the sandbox prints: steps that are numbered, facts under them, and figures beside each other. */

type Style = Parameters<typeof styleText>[0];

let step = 0;

export function title(text: string): void {
  print(`\n${paint('bold', text)}\n`);
}

/** Begins the next step of the story. */
export function heading(text: string): void {
  step += 1;
  print(`\n${paint(['bold', 'cyan'], `${step}  ${text}`)}`);
}

/** Something that happened. */
export function fact(text: string): void {
  print(`   ${text}`);
}

/** Something that was checked and came out as told. */
export function passed(text: string): void {
  print(`   ${paint('green', '✓')} ${text}`);
}

/** Text as another program wrote it. */
export function quote(text: string): void {
  for (const line of text.split('\n')) print(`     ${paint('dim', line)}`);
}

export function failure(text: string): void {
  process.stderr.write(`\n${paint('red', '✗')} ${text}\n`);
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** E.g. `1.5 MiB`. */
export function mib(bytes: number): string {
  if (bytes < 10_000) return `${bytes} byte${bytes === 1 ? '' : 's'}`;
  const units = ['KiB', 'MiB', 'GiB'];
  let value = bytes / 1024;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value.toFixed(value < 10 ? 2 : 1)} ${units[unit] ?? ''}`;
}

/** E.g. `0.21 s (476 MiB/s)`. */
export function rate(bytes: number, ms: number): string {
  const seconds = `${(ms / 1000).toFixed(2)} s`;
  return bytes < 1024 * 1024 ? seconds : `${seconds}, ${Math.round(bytes / 1024 / 1024 / (ms / 1000))} MiB/s`;
}

function paint(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout });
}
