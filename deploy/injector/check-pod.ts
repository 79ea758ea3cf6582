import type { PodSpec } from 'kubernetes-types/core/v1.js';
import type { InjectionSettings } from './config.ts';
import { otherContainers, type Placed } from './containers.ts';
import { repositoryOf } from './image.ts';
import {
  IDENTITY_DRIVER,
  sidecarVolumes,
  SOCKET_FOLDER,
  SOCKET_MOUNT,
  TCP_PORT,
} from './sidecar-container.ts';
import { ANNOTATIONS, InjectionError, type Wishes } from './annotations.ts';

/**
 * Looks whether a pod can have what it asks for, and whether the identity and the socket stay with those who are meant.
 * @param users the containers that are to have the socket
 * @throws {InjectionError}
 */
export function checkPod(
  spec: PodSpec,
  wishes: Wishes,
  settings: InjectionSettings,
  users: readonly Placed[],
): void {
  if (spec.os?.name === 'windows') throw new InjectionError('spec.os: a sidecar needs Linux');
  for (const field of ['shareProcessNamespace', 'hostPID'] as const)
    if (spec[field]) throw new InjectionError(`spec.${field}: others could read the sidecar’s memory`);
  if (wishes.listen === 'tcp' && spec.hostNetwork)
    refuse('listen', 'with hostNetwork, tcp would let every process of the node in; use uds');
  if (settings.mode === 'legacy' && (spec.restartPolicy ?? 'Always') !== 'Always')
    refuse(
      'inject',
      `a legacy sidecar would keep a pod with restartPolicy ${spec.restartPolicy} from ever ending`,
    );
  if (wishes.image !== null && repositoryOf(wishes.image) !== repositoryOf(settings.image))
    refuse('image', `expected an image of ${repositoryOf(settings.image)}`);
  checkPorts(spec, wishes);
  checkVolumes(spec, wishes);
  checkMounts(spec, wishes, users);
}

/** @throws {InjectionError} about an annotation */
export function refuse(annotation: keyof typeof ANNOTATIONS, problem: string): never {
  throw new InjectionError(`annotation ${ANNOTATIONS[annotation].name}: ${problem}`);
}

function checkPorts(spec: PodSpec, { listen, statusPort }: Wishes): void {
  if (listen === 'tcp' && statusPort === TCP_PORT)
    refuse('statusPort', `port ${TCP_PORT} is for services; name another`);
  for (const { container } of otherContainers(spec)) {
    const uses = (port: number) => container.ports?.some(({ containerPort }) => containerPort === port);
    if (uses(statusPort))
      refuse('statusPort', `port ${statusPort} is container ${container.name}’s; name another`);
    if (listen === 'tcp' && uses(TCP_PORT))
      refuse('listen', `port ${TCP_PORT} is container ${container.name}’s; use uds`);
  }
}

/** A volume of the pod's own must not become the sidecar's because it has the same name. */
function checkVolumes(spec: PodSpec, wishes: Wishes): void {
  for (const wanted of sidecarVolumes(wishes)) {
    const present = spec.volumes?.find(({ name }) => name === wanted.name);
    const isOurs = wanted.csi ? present?.csi?.driver === wanted.csi.driver : present?.emptyDir !== undefined;
    if (present && !isOurs)
      throw new InjectionError(`spec.volumes: the name ${wanted.name} is the sidecar’s`);
  }
}

/** Nobody else may have the identity, under whatever name, nor be able to hide the socket or put another in its place. */
function checkMounts(spec: PodSpec, wishes: Wishes, users: readonly Placed[]): void {
  const identities = [...(spec.volumes ?? []), ...sidecarVolumes(wishes)]
    .filter(({ csi }) => csi?.driver === IDENTITY_DRIVER)
    .map(({ name }) => name);
  for (const { container } of otherContainers(spec)) {
    const { name: who, volumeMounts = [] } = container;
    const isUser = users.some((user) => user.container === container);
    for (const { name, mountPath, readOnly, ...more } of volumeMounts) {
      const atSocket = mountPath.replace(/\/+$/, '') === SOCKET_FOLDER;
      if (identities.includes(name))
        throw new InjectionError(`container ${who} mounts ${name}, which is the sidecar’s alone`);
      if (wishes.listen === 'tcp') continue;
      if (name === SOCKET_MOUNT.name && !(isUser && atSocket && readOnly && !more.subPath))
        throw new InjectionError(
          `container ${who} mounts ${name} in its own way; leave that to the injector`,
        );
      if (isUser && atSocket && name !== SOCKET_MOUNT.name)
        refuse('listen', `${SOCKET_FOLDER} of container ${who} holds volume ${name}; use tcp`);
    }
  }
}
