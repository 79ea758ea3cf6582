import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'ava';

const documents = [
  ...markdownIn('.'),
  ...markdownIn('docs'),
  ...markdownIn('docs/decisions'),
  ...markdownIn('docs/runbooks'),
];

function markdownIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name));
}

/** Links to files, relative to the document. */
function linksIn(text: string): string[] {
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  return targets
    .filter((target) => !/^(https?|mailto):/.test(target))
    .map((target) => target.replace(/#.*/, ''));
}

/** Paths of the source tree in code spans, relative to the repository. */
function pathsIn(text: string): string[] {
  const folders = 'core|runtime|proto|broker|sidecar|client|sandbox|test|docs|scripts|bench|deploy';
  return [...text.matchAll(new RegExp(`\`((?:${folders})/[\\w./-]*)\``, 'g'))].map(([, path = '']) => path);
}

for (const document of documents) {
  test(`what ${document} points at is there`, (t) => {
    const text = readFileSync(document, 'utf8');
    const links = linksIn(text).map((target) => (target === '' ? document : join(dirname(document), target)));
    t.deepEqual(
      [...links, ...pathsIn(text)].filter((path) => !existsSync(path)),
      [],
    );
  });
}

test('the documents that people are sent to are among them, and name paths', (t) => {
  for (const document of ['README.md', 'ARCHITECTURE.md', 'SECURITY.md', 'CONTRIBUTING.md']) {
    t.true(documents.includes(document), document);
  }
  t.true(pathsIn(readFileSync('ARCHITECTURE.md', 'utf8')).length > 30);
});
