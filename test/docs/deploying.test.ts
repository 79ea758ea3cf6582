import { existsSync, readFileSync } from 'node:fs';
import test from 'ava';
import { renderedFile } from '../../scripts/render-kubernetes.ts';

const PAGE = readFileSync('docs/deploying.md', 'utf8');

test('the secrets that the page tells of, and their keys, are those that production takes', (t) => {
  const manifests = readFileSync(renderedFile('production'), 'utf8');
  const told = PAGE.slice(PAGE.indexOf('## Secrets'), PAGE.indexOf('## Install'));
  const keys = [...told.matchAll(/\| `([a-z-]+)` (?=\| )/g)].map(([, key]) => key ?? '');
  const names = [...new Set([...told.matchAll(/`([a-z]+-secrets)`/g)].map(([, name]) => name ?? ''))];
  t.deepEqual(names, ['broker-secrets', 'migrate-secrets']);
  for (const name of names)
    t.true(manifests.includes(`name: ${name}`) || manifests.includes(`secretName: ${name}`));
  const taken = [...manifests.matchAll(/secretKeyRef:\n\s+key: (\S+)/g)].map(([, key]) => key ?? '');
  for (const key of taken) t.true(keys.includes(key), key);
  t.true(keys.includes('admin-token'));
});

test('labels, folders, programs and settings that the page names are there', (t) => {
  const base =
    readFileSync(renderedFile('production'), 'utf8') + readFileSync(renderedFile('example'), 'utf8');
  for (const [, label = ''] of PAGE.matchAll(/(cmk\.zoom\.us\/(?:ingress|monitoring|injection))/g))
    t.true(base.includes(label), label);
  for (const [, path = ''] of PAGE.matchAll(/(deploy\/kubernetes[\w/.-]*)/g)) t.true(existsSync(path), path);
  for (const [, link = ''] of PAGE.matchAll(/\]\((?!http)([^)#]+)/g))
    t.true(existsSync(`docs/${link}`), link);
  const configuration = readFileSync('docs/configuration.md', 'utf8') + readFileSync('docs/cli.md', 'utf8');
  for (const [, setting = ''] of PAGE.matchAll(/\b(CMK_[A-Z_]+)/g))
    t.true(configuration.includes(setting) || setting === 'CMK_SIDECAR', setting);
});
