import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import test from 'ava';
import { render, RENDERED, renderedFile } from '../../scripts/render-kubernetes.ts';

/** Debian's kubectl 1.20 has a Kustomize of 2019, which knows neither folders as resources nor `labels`. */
const OLDEST_MINOR = 22;

const { stdout } = spawnSync('kubectl', ['version', '--client', '--output', 'json'], { encoding: 'utf8' });
const { clientVersion } = JSON.parse(stdout || '{}') as { clientVersion?: { minor: string } };
const canRender = Number.parseInt(clientVersion?.minor ?? '0') >= OLDEST_MINOR;

for (const name of Object.keys(RENDERED) as (keyof typeof RENDERED)[]) {
  const title = `${name}: kubectl makes of the folder what is in the repository; else node scripts/render-kubernetes.ts`;
  (canRender ? test : test.skip)(title, (t) => {
    t.is(render(name), readFileSync(renderedFile(name), 'utf8'));
  });
}
