import { literalProblems, type TypedLiteral } from './literal-problems.ts';

/** A Kubernetes object as it would be sent to the API server. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
}

const OTHERS = ['cert-manager.io', 'trust.cert-manager.io', 'monitoring.coreos.com'];

/** API groups → folders of `kubernetes-types`, whose types are made of Kubernetes' own OpenAPI document. */
const FOLDERS: Readonly<Record<string, string>> = {
  'admissionregistration.k8s.io': 'admissionregistration',
  'networking.k8s.io': 'networking',
  'rbac.authorization.k8s.io': 'rbac',
  'scheduling.k8s.io': 'scheduling',
};

/**
 * What Kubernetes' schema has against objects: fields that it does not know, that are missing, and that are of
 * another type, at every depth.
 * @returns a line for each problem, `NAME: …`
 */
export function schemaProblems(objects: Readonly<Record<string, KubernetesObject>>): string[] {
  const typed = Object.entries(objects).map(([name, value]): [string, TypedLiteral] => {
    const type = `import('${moduleOf(value.apiVersion)}').${value.kind}`;
    return [name, { type, value }];
  });
  return literalProblems("import './custom-resources.ts';", Object.fromEntries(typed));
}

/** Where the types of an API group are. */
function moduleOf(apiVersion: string): string {
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['core', apiVersion];
  if (OTHERS.includes(group ?? '')) return './custom-resources.ts';
  return `kubernetes-types/${FOLDERS[group ?? ''] ?? group}/${version}.js`;
}
