import { PROCESS_SETTINGS } from '../../runtime/process.ts';
import type { Pod, ResourceRequirements } from 'kubernetes-types/core/v1.js';

/** The annotations that an injector reads; docs/deploying.md lists them. */
export const ANNOTATIONS = {
  inject: { name: 'cmk.zoom.us/inject', expects: 'true or false', unset: 'no sidecar' },
  service: {
    name: 'cmk.zoom.us/service',
    expects: 'the service’s srvId, four digits',
    unset: 'the pod is refused',
  },
  containers: {
    name: 'cmk.zoom.us/containers',
    expects: 'names of containers of the pod, between commas',
    unset: 'all but the init containers',
  },
  listen: { name: 'cmk.zoom.us/listen', expects: 'uds or tcp', unset: 'uds: a unix socket' },
  resources: {
    name: 'cmk.zoom.us/resources',
    expects: 'JSON such as {"requests":{"cpu":"100m","memory":"128Mi"},"limits":{"memory":"256Mi"}}',
    unset: '50m and 128Mi, at most 384Mi',
  },
  image: {
    name: 'cmk.zoom.us/image',
    expects: 'another tag or digest of the injector’s own image',
    unset: 'CMK_SIDECAR_IMAGE',
  },
  logLevel: { name: 'cmk.zoom.us/log-level', expects: 'debug, info, warn, error or silent', unset: 'info' },
  statusPort: { name: 'cmk.zoom.us/status-port', expects: 'port from 1024 to 65535', unset: '9090' },
} as const;

/** Written by the injector: what it did, as JSON. */
export const STATUS_ANNOTATION = 'cmk.zoom.us/status';

const QUANTITY = /^\d{1,12}(\.\d{1,6})?(m|k|M|G|Ki|Mi|Gi)?$/;
const IMAGE = /^[a-z0-9][a-z0-9._:/@-]{0,511}$/i;

/** What a pod's annotations ask for. Null: the injector decides. */
export interface Wishes {
  readonly service: string;
  readonly listen: 'uds' | 'tcp';
  /** Null: all of the pod's containers, init containers not among them. */
  readonly containers: readonly string[] | null;
  readonly resources: ResourceRequirements | null;
  readonly image: string | null;
  readonly logLevel: string;
  readonly statusPort: number;
}

/** A pod that cannot have what it asks for. The text is shown to whoever creates the pod. */
export class InjectionError extends Error {}

/**
 * Reads a pod's annotations.
 * @returns null when the pod asks for no sidecar
 * @throws {InjectionError} that lists every problem
 */
export function readAnnotations(pod: Pod): Wishes | null {
  const annotations = pod.metadata?.annotations ?? {};
  const inject = annotations[ANNOTATIONS.inject.name];
  if (inject === undefined || inject === 'false') return null;
  const reader = new Reader(annotations);
  reader.read('inject', (value) => value === 'true' || undefined);
  const service = reader.read('service', (value) => match(value, /^\d{4}$/));
  if (service === null) reader.missing('service');
  const wishes: Wishes = {
    service: service ?? '',
    listen:
      reader.read('listen', (value) => (value === 'uds' || value === 'tcp' ? value : undefined)) ?? 'uds',
    containers: reader.read('containers', parseNames),
    resources: reader.read('resources', parseResources),
    image: reader.read('image', (value) => match(value, IMAGE)),
    logLevel: reader.read('logLevel', PROCESS_SETTINGS.logLevel.parse) ?? 'info',
    statusPort: reader.read('statusPort', parsePort) ?? 9090,
  };
  if (reader.problems.length > 0) throw new InjectionError(reader.problems.join('; '));
  return wishes;
}

class Reader {
  readonly problems: string[] = [];
  readonly #annotations: Readonly<Record<string, string>>;

  constructor(annotations: Readonly<Record<string, string>>) {
    this.#annotations = annotations;
  }

  /** @returns null when the annotation is not there, or malformed and noted */
  read<T>(key: keyof typeof ANNOTATIONS, parse: (value: string) => T | undefined): T | null {
    const { name, expects } = ANNOTATIONS[key];
    const value = this.#annotations[name];
    if (value === undefined) return null;
    const parsed = parse(value.trim());
    if (parsed !== undefined) return parsed;
    this.problems.push(`annotation ${name}: expected ${expects}, got ${JSON.stringify(value.slice(0, 200))}`);
    return null;
  }

  /** Notes that a required annotation is not there; one that is malformed was noted already. */
  missing(key: keyof typeof ANNOTATIONS): void {
    const { name, expects } = ANNOTATIONS[key];
    if (this.#annotations[name] === undefined)
      this.problems.push(`annotation ${name}: expected ${expects}, but it is not set`);
  }
}

function match(value: string, pattern: RegExp): string | undefined {
  return pattern.test(value) ? value : undefined;
}

function parseNames(value: string): readonly string[] | undefined {
  const names = value.split(',').map((name) => name.trim());
  const wellFormed = names.every((name) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name));
  return wellFormed && new Set(names).size === names.length ? names : undefined;
}

function parsePort(value: string): number | undefined {
  const port = /^\d{4,5}$/.test(value) ? Number(value) : 0;
  return port >= 1024 && port <= 65_535 ? port : undefined;
}

function parseResources(value: string): ResourceRequirements | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(value);
  } catch {
    return undefined;
  }
  if (!isRecord(parsed, ['requests', 'limits'], (each) => isRecord(each, ['cpu', 'memory'], isQuantity)))
    return undefined;
  return parsed;
}

function isQuantity(value: unknown): boolean {
  return typeof value === 'string' && QUANTITY.test(value);
}

function isRecord(
  value: unknown,
  keys: readonly string[],
  isValue: (value: unknown) => boolean,
): value is Record<string, never> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.entries(value).every(([key, each]) => keys.includes(key) && isValue(each));
}
