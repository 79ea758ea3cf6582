import { join } from 'node:path';
import ts from 'typescript';

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
 * another type. TypeScript's checker judges them as literals, which is strict at every depth.
 * @returns a line for each problem, `NAME: …`
 */
export function schemaProblems(objects: Readonly<Record<string, KubernetesObject>>): string[] {
  const names = Object.keys(objects);
  const declarations = Object.values(objects).map((object, index) => {
    const type = `import('${moduleOf(object.apiVersion)}').${object.kind}`;
    return `export const object${index}: ${type} = ${JSON.stringify(object)};`;
  });
  const source = ["import './custom-resources.ts';", ...declarations].join('\n');
  const file = join(import.meta.dirname, 'objects-to-check.ts');
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    allowImportingTsExtensions: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: true,
    types: [],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ESNext,
  };
  const disk = ts.createCompilerHost(options);
  const host: ts.CompilerHost = {
    ...disk,
    getSourceFile: (name, ...rest) =>
      name === file
        ? ts.createSourceFile(name, source, ts.ScriptTarget.ESNext)
        : disk.getSourceFile(name, ...rest),
  };
  const program = ts.createProgram([file], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ start = 0, messageText }) => {
    const line = source.slice(0, start).split('\n').length - 1;
    return `${names[line - 1] ?? '?'}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
  });
}

/** Where the types of an API group are. */
function moduleOf(apiVersion: string): string {
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['core', apiVersion];
  if (OTHERS.includes(group ?? '')) return './custom-resources.ts';
  return `kubernetes-types/${FOLDERS[group ?? ''] ?? group}/${version}.js`;
}
