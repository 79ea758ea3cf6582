import { readFileSync } from 'node:fs';
import { Validator } from '@seriousme/openapi-schema-validator';
import test from 'ava';
import { ACCESS_RULES } from '../../../broker/model/principal.ts';
import { OPENAPI_FILE, renderOpenApi } from '../../../scripts/generate-openapi.ts';
import { adminWorld, OPERATOR, type AdminWorld } from '../../support/admin-world.ts';
import { operationsOf } from '../../support/api-operations.ts';
import { populate, tour } from '../../support/api-tour.ts';

test(`${OPENAPI_FILE} is what the routes say; else run npm run generate`, async (t) => {
  t.is(readFileSync(OPENAPI_FILE, 'utf8'), await renderOpenApi());
});

test('the document is OpenAPI 3.1, and everybody may read it', async (t) => {
  const { ask } = await adminWorld(t);
  const { status, body } = await ask(null, 'GET', '/v1/openapi.json');
  t.is(status, 200);
  const validator = new Validator();
  const { valid, errors } = await validator.validate(structuredClone(body));
  t.true(valid, JSON.stringify(errors));
  t.is(validator.version, '3.1');
});

test('every operation says what it is, who may call it, and how it refuses', async (t) => {
  const { app } = await adminWorld(t);
  const operations = operationsOf(app);
  t.true(operations.length > 45);
  const ids = operations.map(({ operationId }) => operationId);
  t.deepEqual([...new Set(ids)], ids, 'each name once');
  for (const { operationId, summary, tags, responses, path, method, ...rest } of operations) {
    const name = `${method} ${path}`;
    t.regex(operationId, /^[a-z]+([A-Z][a-z]+)+$/, name);
    t.regex(summary ?? '', /^[A-Z][^\n]{8,100}[^.]$/, name);
    t.is(tags?.length, 1, name);
    t.true(ACCESS_RULES.includes(rest['x-cmk-access']), name);
    const statuses = Object.keys(responses);
    t.true(
      statuses.some((status) => /^20[01]$/.test(status)),
      name,
    );
    if (rest['x-cmk-access'] !== 'PUBLIC') t.true(statuses.includes('401'), name);
    t.false(JSON.stringify(responses).includes('Default Response'), name);
  }
});

test('what is answered is what the document says, of every operation', async (t) => {
  const world: AdminWorld = await adminWorld(t);
  const ids = await populate(world);
  for (const name of ['customer-new', 'third']) world.kms.createKey(name);
  const expected = operationsOf(world.app).flatMap(({ operationId, responses }) =>
    Object.keys(responses)
      .filter((status) => status.startsWith('2'))
      .map((status) => `${operationId} ${status}`),
  );
  const seen = new Set<string>();
  for (const { operationId, method, url, options, status } of tour(ids)) {
    const answer = await world.ask(OPERATOR, method, url, options);
    t.is(answer.status, status, `${operationId}: ${JSON.stringify(answer.body)} ${world.log.join('')}`);
    seen.add(`${operationId} ${answer.status}`);
    if (!operationId.startsWith('list') || operationId === 'listCommonLedgerRecords') continue;
    const [items] = Object.values(answer.body).filter(Array.isArray);
    t.true((items?.length ?? 0) > 0, `${operationId} is shown with something in it`);
  }
  t.deepEqual([...seen].sort(), [...new Set(expected)].sort());
});

test('the page for people tells of every operation, and runs nothing', async (t) => {
  const { app, ask } = await adminWorld(t);
  const { status, headers, body } = await ask(null, 'GET', '/docs/api');
  t.is(status, 200);
  const text = String(body['text']);
  for (const { operationId, path, method } of operationsOf(app)) {
    t.true(text.includes(`<article id="${operationId}">`), operationId);
    t.true(text.includes(`<code><b>${method}</b> ${path}</code>`), path);
  }
  t.is(
    headers['content-security-policy'],
    "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  );
  t.notRegex(text, /<script|<style| style=| on\w+=|undefined|\[object/);
  const targets = [...text.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
  const ids = new Set([...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
  t.deepEqual(
    targets.filter((id) => !ids.has(id)),
    [],
    'links lead somewhere',
  );
  t.is((await ask(null, 'GET', '/docs/api/style.css')).status, 200);
});
