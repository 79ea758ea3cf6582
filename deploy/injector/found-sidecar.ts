import { isDeepStrictEqual } from 'node:util';
import type { Container } from 'kubernetes-types/core/v1.js';
import type { InjectionSettings } from './config.ts';
import type { Placed } from './containers.ts';
import { repositoryOf } from './image.ts';
import { InjectionError } from './annotations.ts';

/** Variables by which Node, the loader or the shell run other code than the image's. */
const LOADING = /^(NODE_|LD_|PATH$|ENV$|BASH_ENV$)/;
/** Where Kubernetes and clouds put tokens into containers; nothing is run from there. */
const TOKENS = '/var/run/secrets/';
const PROBES = ['startupProbe', 'livenessProbe', 'readinessProbe'] as const;

/**
 * Looks whether a container that has the sidecar's name runs what the sidecar's image runs: the identity is mounted into
 * it, and a pod that says that it was injected may say so by itself. What other webhooks add to every container, such as
 * tokens and the addresses of proxies, does no harm.
 * @param expected the container that the injector would add
 * @throws {InjectionError}
 */
export function checkFoundSidecar(found: Placed, expected: Container, settings: InjectionSettings): void {
  const problem = problemOf(found, expected, settings);
  if (problem !== null) throw new InjectionError(`container ${expected.name} is not as injected: ${problem}`);
}

function problemOf(
  { container, list }: Placed,
  expected: Container,
  { image, mode }: InjectionSettings,
): string | null {
  if (list !== (mode === 'native' ? 'initContainers' : 'containers')) return `it is in spec.${list}`;
  if (container.restartPolicy !== expected.restartPolicy) return 'restartPolicy';
  if (repositoryOf(container.image ?? '') !== repositoryOf(image)) return `image ${container.image}`;
  for (const field of ['command', 'args', 'envFrom', 'volumeDevices'] as const)
    if ((container[field]?.length ?? 0) > 0) return field;
  if (!isDeepStrictEqual(container.lifecycle, expected.lifecycle)) return 'lifecycle';
  const probe = PROBES.find((each) => container[each]?.exec !== undefined);
  if (probe) return probe;
  const variable = container.env?.find(({ name }) => LOADING.test(name));
  if (variable) return `variable ${variable.name}`;
  const mount = container.volumeMounts?.find(({ name, mountPath }) => !isHarmless(name, mountPath, expected));
  return mount ? `a volume at ${mount.mountPath}` : null;
}

function isHarmless(name: string, mountPath: string, { volumeMounts = [] }: Container): boolean {
  const ours = volumeMounts.find((each) => each.mountPath === mountPath || each.name === name);
  if (ours) return ours.mountPath === mountPath && ours.name === name;
  return mountPath.startsWith(TOKENS) && !mountPath.includes('..');
}
