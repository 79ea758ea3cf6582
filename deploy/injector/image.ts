/** `registry.example:5000/cmk/sidecar:1.4@sha256:…` → `registry.example:5000/cmk/sidecar` */
export function repositoryOf(image: string): string {
  return image.replace(/@.*$/, '').replace(/:[^/]*$/, '');
}
