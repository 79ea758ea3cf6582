import { parseAllDocuments } from 'yaml';
import type { ObjectMeta, LabelSelector } from 'kubernetes-types/meta/v1.js';
import type { PodTemplateSpec } from 'kubernetes-types/core/v1.js';
import type { KubernetesObject } from './kubernetes-schema.ts';

/** An object as it comes out of Kustomize. */
export interface Manifest extends KubernetesObject {
  readonly metadata: ObjectMeta & { name: string };
}

/** @throws {Error} for what is not YAML, or has a key twice */
export function parseManifests(text: string): Manifest[] {
  return parseAllDocuments(text).map((document) => {
    if (document.errors[0]) throw document.errors[0];
    return document.toJS() as Manifest;
  });
}

/** The objects of a kind. */
export function ofKind<T extends object>(manifests: readonly Manifest[], kind: string): (T & Manifest)[] {
  return manifests.filter((each): each is T & Manifest => each.kind === kind);
}

/** What makes pods, by the pods' template. */
export function workloads(
  manifests: readonly Manifest[],
): (Manifest & { spec: { template: PodTemplateSpec } })[] {
  return manifests.filter((each): each is Manifest & { spec: { template: PodTemplateSpec } } =>
    ['Deployment', 'Job', 'StatefulSet', 'DaemonSet'].includes(each.kind),
  );
}

/** Whether labels are selected; an empty selector selects all. */
export function selects(selector: LabelSelector, labels: Readonly<Record<string, string>> = {}): boolean {
  const equal = Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value);
  const expressions = (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
    const value = labels[key];
    switch (operator) {
      case 'Exists':
        return value !== undefined;
      case 'In':
        return value !== undefined && values.includes(value);
      case 'NotIn':
        return value === undefined || !values.includes(value);
      default:
        throw new Error(`selector with operator ${operator}`);
    }
  });
  return equal && expressions;
}
