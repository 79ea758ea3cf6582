import type { Delivery } from '../model/alerts.ts';
import type { Account } from '../model/types.ts';
import { plain, summarize } from './summary.ts';

const MAX_SUBJECT = 240;
const MAX_NAME = 80;

/** A mail as a person reads it. */
export interface MailContent {
  /** One line. */
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** The same for every attempt. */
export function composeMail({ alerts }: Pick<Delivery, 'alerts'>, { id, name }: Account): MailContent {
  const { title, happened, cause, consequence, action } = summarize(alerts);
  const account = plain(name, MAX_NAME);
  const sections: (readonly [string, readonly string[]])[] = [
    ['What happened', happened],
    ...(cause === null ? [] : [['Cause', [cause]] as const]),
    ['What it means', [consequence]],
    ['What to do', [action]],
  ];
  const footer = `You get this mail because your address is a contact of the account ${account} (${id}).`;
  return {
    subject: plain(`[CMK] ${account}: ${title}`, MAX_SUBJECT),
    text: asText(title, sections, footer),
    html: asHtml(title, sections, footer),
  };
}

type Sections = readonly (readonly [heading: string, lines: readonly string[]])[];

function asText(title: string, sections: Sections, footer: string): string {
  const parts = sections.map(
    ([heading, lines]) => `${heading}\n${lines.map((line) => `  ${line}`).join('\n')}`,
  );
  return [title, ...parts, `-- \n${footer}`].join('\n\n') + '\n';
}

function asHtml(title: string, sections: Sections, footer: string): string {
  const parts = sections.map(
    ([heading, lines]) =>
      `<h2>${escapeHtml(heading)}</h2>\n${lines.map((line) => `<p>${escapeHtml(line)}</p>`).join('\n')}`,
  );
  return [
    '<!doctype html>',
    `<html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title></head><body>`,
    `<h1>${escapeHtml(title)}</h1>`,
    ...parts,
    `<p><small>${escapeHtml(footer)}</small></p>`,
    '</body></html>',
    '',
  ].join('\n');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
