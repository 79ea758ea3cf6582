import type { Container, EnvVar, Pod, PodSpec, Volume, VolumeMount } from 'kubernetes-types/core/v1.js';
import { checkPod, refuse } from './check-pod.ts';
import type { InjectionSettings } from './config.ts';
import { allContainers, otherContainers, type Placed } from './containers.ts';
import { checkFoundSidecar } from './found-sidecar.ts';
import {
  sidecarAddress,
  sidecarContainer,
  SIDECAR_ID,
  SIDECAR_NAME,
  sidecarVolumes,
  SOCKET_MOUNT,
} from './sidecar-container.ts';
import { InjectionError, readAnnotations, STATUS_ANNOTATION, type Wishes } from './annotations.ts';

/** One step of a JSON Patch, RFC 6902. Nothing is ever replaced or removed. */
export interface Addition {
  readonly op: 'add';
  readonly path: string;
  readonly value: unknown;
}

const SERVICE_LABEL = 'cmk.zoom.us/service';
const ADDRESS_VARIABLE = 'CMK_SIDECAR';

/**
 * What makes a pod one with a sidecar: its container and volumes, the socket and its address for the containers that
 * call it. Adds what is missing and nothing else, so that a pod which has it all gets an empty patch, and one to which
 * another webhook added a container since gets the rest.
 * @returns null when the pod asks for no sidecar
 * @throws {InjectionError} when it asks for what it cannot have
 */
export function injectSidecar(pod: Pod, settings: InjectionSettings): readonly Addition[] | null {
  const wishes = readAnnotations(pod);
  if (wishes === null) return null;
  const spec = pod.spec;
  if (!Array.isArray(spec?.containers)) throw new InjectionError('spec.containers: expected a list');
  const users = containersToServe(spec, wishes, settings);
  checkPod(spec, wishes, settings, users);
  const sidecar = sidecarContainer(wishes, settings);
  const found = allContainers(spec).find(({ container }) => container.name === SIDECAR_NAME);
  if (found && pod.metadata?.annotations?.[STATUS_ANNOTATION] === undefined)
    throw new InjectionError(`spec.containers: the name ${SIDECAR_NAME} is the sidecar’s`);
  if (found) checkFoundSidecar(found, sidecar, settings);
  return [
    ...describe(pod, wishes, found?.container ?? sidecar, users),
    ...addGroup(spec, wishes),
    ...append('/spec/volumes', spec.volumes, missingByName(spec.volumes, sidecarVolumes(wishes))),
    ...users.flatMap((user) => serve(user, wishes)),
    ...(found ? [] : addFirst(spec, sidecar, settings)),
  ];
}

/** Those that are named, or all but the init containers. */
function containersToServe(spec: PodSpec, wishes: Wishes, { mode }: InjectionSettings): Placed[] {
  const others = otherContainers(spec);
  const { containers } = wishes;
  if (containers === null) return others.filter(({ list }) => list === 'containers');
  const found = others.filter(({ container }) => containers.includes(container.name));
  const names = found.map(({ container }) => container.name);
  const unknown = containers.filter((name) => !names.includes(name));
  if (unknown.length > 0) refuse('containers', `the pod has no container ${unknown.join(', ')}`);
  const init = found.find(({ list }) => list === 'initContainers');
  if (mode === 'legacy' && init)
    refuse(
      'containers',
      `${init.container.name} is an init container, which runs before a legacy sidecar does`,
    );
  return found;
}

function describe(pod: Pod, wishes: Wishes, sidecar: Container, users: readonly Placed[]): Addition[] {
  const status = JSON.stringify({
    image: sidecar.image,
    listen: wishes.listen,
    containers: users.map(({ container }) => container.name),
  });
  const { labels, annotations } = pod.metadata ?? {};
  return [
    ...(labels ? [] : [add('/metadata/labels', { [SERVICE_LABEL]: wishes.service })]),
    ...(labels && labels[SERVICE_LABEL] === undefined
      ? [add(member('/metadata/labels', SERVICE_LABEL), wishes.service)]
      : []),
    // The one thing that is written again: it tells of the pod as it leaves.
    ...(annotations?.[STATUS_ANNOTATION] === status
      ? []
      : [add(member('/metadata/annotations', STATUS_ANNOTATION), status)]),
  ];
}

/** The socket is its group's. */
function addGroup(spec: PodSpec, { listen }: Wishes): Addition[] {
  const path = '/spec/securityContext';
  if (listen === 'tcp') return [];
  const groups = spec.securityContext?.supplementalGroups;
  if (groups?.includes(SIDECAR_ID)) return [];
  return [
    ...(spec.securityContext ? [] : [add(path, {})]),
    ...append(`${path}/supplementalGroups`, groups, [SIDECAR_ID]),
  ];
}

function serve({ container, path }: Placed, wishes: Wishes): Addition[] {
  const env: EnvVar[] = [{ name: ADDRESS_VARIABLE, value: sidecarAddress(wishes) }];
  const mounts: VolumeMount[] = wishes.listen === 'uds' ? [SOCKET_MOUNT] : [];
  return [
    ...append(`${path}/env`, container.env, missingByName(container.env, env)),
    ...append(`${path}/volumeMounts`, container.volumeMounts, missingByName(container.volumeMounts, mounts)),
  ];
}

/** First, so that it runs before whatever calls it. */
function addFirst(spec: PodSpec, sidecar: Container, { mode }: InjectionSettings): Addition[] {
  if (mode === 'legacy') return [add('/spec/containers/0', sidecar)];
  return spec.initContainers
    ? [add('/spec/initContainers/0', sidecar)]
    : [add('/spec/initContainers', [sidecar])];
}

function missingByName<T extends EnvVar | Volume | VolumeMount>(
  present: readonly T[] | undefined,
  wanted: readonly T[],
): T[] {
  return wanted.filter(({ name }) => !present?.some((each) => each.name === name));
}

function append(
  path: string,
  present: readonly unknown[] | undefined,
  items: readonly unknown[],
): Addition[] {
  if (items.length === 0) return [];
  return present ? items.map((item) => add(`${path}/-`, item)) : [add(path, items)];
}

function add(path: string, value: unknown): Addition {
  return { op: 'add', path, value };
}

/** Of an object, by a name that may hold what JSON pointers give a meaning. */
function member(path: string, name: string): string {
  return `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
