import { CmkError, isErrorCode } from '../../../core/errors.ts';
import { printable } from '../io.ts';

/** One thing that was tried before a key is trusted. */
export interface Step {
  readonly step: string;
  readonly reference: string;
  readonly outcome: string;
  readonly detail: string | null;
  readonly advice: string | null;
}

const MARKS: Readonly<Record<string, string>> = { OK: '✔', FAILED: '✘', SKIPPED: '·' };

/** The steps of each reference, with what to do under the one that failed. */
export function stepsInText(steps: readonly Step[]): string {
  const references = [...new Set(steps.map(({ reference }) => reference))];
  return references
    .map((reference) => {
      const own = steps.filter((each) => each.reference === reference);
      return `${printable(reference)}\n${own.map(lineOf).join('')}`;
    })
    .join('');
}

function lineOf({ step, outcome, detail, advice }: Step): string {
  const name = printable(step.toLowerCase().replaceAll('_', ' '));
  const line = `  ${MARKS[outcome] ?? '?'} ${name}${outcome === 'SKIPPED' ? ', not tried' : ''}\n`;
  const under = [...(detail === null ? [] : [detail]), ...(advice === null ? [] : [`→ ${advice}`])];
  return line + under.map((text) => `      ${printable(text)}\n`).join('');
}

/** What a verification that did not pass comes to, as the error that enrolling the key would be refused with. */
export function failureOf(steps: readonly Step[]): CmkError {
  const failed = steps.find(({ outcome }) => outcome === 'FAILED');
  const [, code = '', text] = /^([A-Z_]+): ([^]*)$/.exec(failed?.detail ?? '') ?? [];
  return new CmkError(
    isErrorCode(code) ? code : 'CONFLICT',
    text ?? 'the key does not pass its verification',
  );
}
