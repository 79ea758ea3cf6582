import { readFileSync } from 'node:fs';
import { CmkError } from '../../core/errors.ts';

/** A provider's service and what it stores. */
export interface Service {
  /** Four digits. */
  readonly srvId: string;
  readonly name: string;
  /** Names of its asset types, `[A-Za-z0-9]{1,64}`. */
  readonly types: readonly string[];
}

/** Which services there are, and which callers may act for them. */
export interface Catalogue {
  readonly services: readonly Service[];
  /**
   * Path of a caller's SPIFFE id (`spiffe://<trust domain><path>`) → `srvId` of each service that it may act for.
   * The trust domain is a setting, so one catalogue serves staging and production.
   */
  readonly callers: Readonly<Record<string, readonly string[]>>;
}

const SERVICES: readonly Service[] = [
  {
    srvId: '0001',
    name: 'Meeting Recorder',
    types: ['MeetingWebinarRecording', 'MeetingWebinarTranscript', 'MeetingWebinarSummary'],
  },
  { srvId: '0002', name: 'Phone Recordings', types: ['PhoneRecording'] },
  { srvId: '0003', name: 'Phone Voicemails', types: ['PhoneVoicemail'] },
  { srvId: '0004', name: 'User Calendar Tokens', types: ['UserCalendarToken'] },
  { srvId: '0006', name: 'Archiving', types: ['MeetingWebinarArchive'] },
  { srvId: '0009', name: 'Phone MMS', types: ['PhoneMms'] },
  { srvId: '0010', name: 'Clips', types: ['Clip'] },
  { srvId: '0011', name: 'Whiteboards', types: ['Whiteboard'] },
  { srvId: '0020', name: 'Team Chat', types: ['TeamChatMessage', 'TeamChatFile'] },
  { srvId: '0021', name: 'Rooms Calendar Tokens', types: ['RoomsCalendarToken'] },
  { srvId: '0022', name: 'Microsoft Teams Tokens', types: ['MicrosoftTeamsToken'] },
];

/** What applies unless CMK_CATALOGUE names a file: each service's own sidecars are `/service/<srvId>`. */
export const DEFAULT_CATALOGUE: Catalogue = {
  services: SERVICES,
  callers: Object.fromEntries(SERVICES.map(({ srvId }) => [`/service/${srvId}`, [srvId]])),
};

/**
 * Reads a catalogue file: JSON with `services` and `callers`, nothing else.
 * @throws CmkError CONFIG_INVALID that lists every problem
 */
export function readCatalogue(path: string): Catalogue {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new CmkError('CONFIG_INVALID', `CMK_CATALOGUE: cannot read ${path}`, { cause });
  }
  return parseCatalogue(text);
}

/** @throws CmkError CONFIG_INVALID that lists every problem */
export function parseCatalogue(text: string): Catalogue {
  const problems: string[] = [];
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new CmkError('CONFIG_INVALID', 'catalogue: expected JSON');
  }
  const root = record(value, 'catalogue', ['services', 'callers'], problems);
  const services = array(root['services'], 'services', problems).map((item, index) =>
    parseService(item, `services[${index}]`, problems),
  );
  duplicates(
    services.map(({ srvId }) => srvId),
    'services: srvId',
    problems,
  );
  const callers = parseCallers(root['callers'], new Set(services.map(({ srvId }) => srvId)), problems);
  if (problems.length > 0) throw new CmkError('CONFIG_INVALID', `catalogue: ${problems.join('; ')}`);
  return { services, callers };
}

function parseService(value: unknown, at: string, problems: string[]): Service {
  const item = record(value, at, ['srvId', 'name', 'types'], problems);
  const types = array(item['types'], `${at}.types`, problems).map((type, index) =>
    text(type, `${at}.types[${index}]`, /^[A-Za-z0-9]{1,64}$/, '1 to 64 letters and digits', problems),
  );
  if (types.length === 0) problems.push(`${at}.types: expected at least one`);
  duplicates(types, `${at}.types`, problems);
  return {
    srvId: text(item['srvId'], `${at}.srvId`, /^\d{4}$/, 'four digits', problems),
    name: text(item['name'], `${at}.name`, /^[^\p{Cc}]{1,100}$/u, '1 to 100 characters', problems),
    types,
  };
}

function parseCallers(value: unknown, known: ReadonlySet<string>, problems: string[]): Catalogue['callers'] {
  const callers: [string, string[]][] = [];
  for (const [path, ids] of Object.entries(record(value, 'callers', null, problems))) {
    const at = `callers[${JSON.stringify(path)}]`;
    if (!/^(\/[A-Za-z0-9._-]+)+$/.test(path)) {
      problems.push(`${at}: expected the path of a SPIFFE id, e.g. /ns/recorder/sa/sidecar`);
    }
    const srvIds = array(ids, at, problems).map((id) => {
      if (typeof id === 'string' && known.has(id)) return id;
      problems.push(`${at}: no service ${JSON.stringify(id)}`);
      return '';
    });
    if (srvIds.length === 0) problems.push(`${at}: expected at least one srvId`);
    callers.push([path, srvIds]);
  }
  return Object.fromEntries(callers);
}

/** Whether the service stores assets of this type. */
export function knowsType(catalogue: Catalogue, srvId: string, type: string): boolean {
  return catalogue.services.some((service) => service.srvId === srvId && service.types.includes(type));
}

function record(
  value: unknown,
  at: string,
  fields: readonly string[] | null,
  problems: string[],
): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    problems.push(`${at}: expected an object`);
    return {};
  }
  for (const field of fields ? Object.keys(value) : []) {
    if (!fields?.includes(field)) problems.push(`${at}: unknown field ${JSON.stringify(field)}`);
  }
  return value as Record<string, unknown>;
}

function array(value: unknown, at: string, problems: string[]): unknown[] {
  if (Array.isArray(value)) return value;
  problems.push(`${at}: expected an array`);
  return [];
}

function text(value: unknown, at: string, pattern: RegExp, expected: string, problems: string[]): string {
  if (typeof value === 'string' && pattern.test(value)) return value;
  problems.push(`${at}: expected ${expected}`);
  return '';
}

function duplicates(values: readonly string[], at: string, problems: string[]): void {
  const twice = new Set(values.filter((value, index) => values.indexOf(value) !== index));
  for (const value of twice) problems.push(`${at}: ${JSON.stringify(value)} stands there twice`);
}
