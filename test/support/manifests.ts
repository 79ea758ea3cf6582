import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import type { Container, PodTemplateSpec } from 'kubernetes-types/core/v1.js';
import type { ObjectMeta, LabelSelector } from 'kubernetes-types/meta/v1.js';
import { RENDERED, renderedFile } from '../../scripts/render-kubernetes.ts';
import type { KubernetesObject } from './kubernetes-schema.ts';

/** Names of what is rendered; of all but the example, whole installations. */
export const RENDERED_NAMES = Object.keys(RENDERED) as (keyof typeof RENDERED)[];
export const OVERLAY_NAMES = ['sandbox', 'production'] as const;

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

/** The objects of an overlay, or of the example. */
export function rendered(name: keyof typeof RENDERED): Manifest[] {
  return parseManifests(readFileSync(renderedFile(name), 'utf8'));
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

/** A template's containers, init containers among them. */
export function containersOf({ spec }: PodTemplateSpec): Container[] {
  return [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
}

/** Whether a container of a template has a port, by its number or its name. */
export function hasPort(template: PodTemplateSpec, port: number | string | undefined): boolean {
  return containersOf(template).some(({ ports = [] }) =>
    ports.some(({ name, containerPort }) => name === port || containerPort === port),
  );
}

/** The variables of a workload's container, those of secrets with a value that such a secret may have. */
export function variablesOf(manifests: readonly Manifest[], workload: string): Record<string, string> {
  const found = workloads(manifests).find(({ metadata }) => metadata.name === workload);
  const env = found?.spec.template.spec?.containers[0]?.env ?? [];
  return Object.fromEntries(
    env.map(({ name, value, valueFrom }) => [
      name,
      value ?? SECRET_VALUES[valueFrom?.secretKeyRef?.key ?? ''] ?? '',
    ]),
  );
}

const SECRET_VALUES: Readonly<Record<string, string>> = {
  'database-url': 'postgres://cmk:secret@postgres.example/cmk?sslmode=verify-full',
  'oidc-client-secret': 'a-client-secret-for-the-portal',
  'smtp-url': 'smtps://cmk:secret@mail.example',
  'webhook-key': 'what-the-secrets-of-webhooks-are-made-of',
};

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
