import type { Container, PodSpec } from 'kubernetes-types/core/v1.js';
import { SIDECAR_NAME } from './sidecar-container.ts';

/** A container of a pod, and where. */
export interface Placed {
  readonly container: Container;
  readonly list: 'containers' | 'initContainers';
  /** In the pod, as a JSON pointer. */
  readonly path: string;
}

/** All of a pod's containers, init containers after the others. */
export function allContainers(spec: PodSpec): Placed[] {
  const place = (list: Placed['list']) =>
    (spec[list] ?? []).map((container, index) => ({ container, list, path: `/spec/${list}/${index}` }));
  return [...place('containers'), ...place('initContainers')];
}

/** All but the sidecar. */
export function otherContainers(spec: PodSpec): Placed[] {
  return allContainers(spec).filter(({ container }) => container.name !== SIDECAR_NAME);
}
