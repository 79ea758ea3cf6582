// Writes deploy/kubernetes/rendered/: what `kubectl kustomize` makes of the overlays, for review and for those who have
// no Kustomize. Needs kubectl 1.22 or later.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';

/** Rendered folders of deploy/kubernetes, by the name of the file in `rendered/`. */
export const RENDERED = {
  sandbox: 'overlays/sandbox',
  production: 'overlays/production',
  example: 'example',
} as const;

/** Where a rendered folder stands. */
export function renderedFile(name: keyof typeof RENDERED): string {
  return `deploy/kubernetes/rendered/${name}.yaml`;
}

/** What `kubectl kustomize` makes of a folder. */
export function render(name: keyof typeof RENDERED): string {
  const folder = `deploy/kubernetes/${RENDERED[name]}`;
  const manifests = execFileSync('kubectl', ['kustomize', folder], { encoding: 'utf8', timeout: 60_000 });
  return `# Written by \`node scripts/render-kubernetes.ts\` from ${folder}; change that.\n${manifests}`;
}

if (import.meta.main) {
  for (const name of Object.keys(RENDERED) as (keyof typeof RENDERED)[]) {
    writeFileSync(renderedFile(name), render(name));
    console.log(renderedFile(name));
  }
}
