import type { FastifyInstance } from 'fastify';
import type { JsonSchema } from './json-schema.ts';
import { API_PAGE_STYLE } from './api-page-style.ts';

interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly 'x-cmk-access': string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content: Content }>>;
}
type Content = Readonly<Record<string, { readonly schema: JsonSchema }>>;
interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema: JsonSchema;
}
interface ApiDocument {
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> };
}

const PAGE = '/docs/api';
const STYLE = `${PAGE}/style.css`;
/** Nothing but its own style: it runs no script, and stands in nobody's frame. */
const CSP =
  "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

const WHO: Readonly<Record<string, string>> = {
  READ: 'Operators; administrators and auditors of the account',
  ADMINISTER: 'Operators; administrators of the account',
  OPERATE: 'Operators',
  ANY: 'Whoever is signed in',
  PUBLIC: 'Everyone',
};

/** The OpenAPI document as a page for people, under `/docs/api`. */
export function addApiPage(app: FastifyInstance): void {
  let page: string | undefined;
  const route = { config: { access: 'PUBLIC' }, schema: { hide: true } } as const;
  app.get(PAGE, route, (_request, reply) => {
    page ??= renderApiPage(app.swagger() as unknown as ApiDocument);
    return reply.type('text/html; charset=utf-8').headers(HEADERS).send(page);
  });
  app.get(STYLE, route, (_request, reply) =>
    reply.type('text/css; charset=utf-8').headers(HEADERS).send(API_PAGE_STYLE),
  );
}

const HEADERS = { 'content-security-policy': CSP, 'x-content-type-options': 'nosniff' };

/** @param document as the OpenAPI plug-in makes it */
function renderApiPage({ info, tags, paths, components }: ApiDocument): string {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, each]) => ({ ...each, path, method: method.toUpperCase() })),
  );
  const sections = tags.map((tag) => ({
    ...tag,
    operations: operations.filter(({ tags: of }) => of[0] === tag.name),
  }));
  const links = sections.map(
    ({ name, operations: of }) =>
      `<li><a href="#${name}">${name}</a><ul>${of.map((each) => `<li><a href="#${each.operationId}">${escape(each.summary)}</a></li>`).join('')}</ul></li>`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(info.title)}</title><link rel="stylesheet" href="${STYLE}"></head><body>
<header><h1>${escape(info.title)}</h1>${prose(info.description)}
<p>The same for programs: <a href="/v1/openapi.json"><code>/v1/openapi.json</code></a>, version ${escape(info.version)}.</p></header>
<nav aria-label="Operations"><ul>${links.join('')}<li><a href="#schemas">Schemas</a></li></ul></nav>
<main>${sections.map(({ name, description, operations: of }) => `<section id="${name}"><h2>${name}</h2>${prose(description)}${of.map(article).join('')}</section>`).join('')}
<section id="schemas"><h2>Schemas</h2>${Object.entries(components.schemas)
    .map(([name, schema]) => `<article id="schema-${name}"><h3>${name}</h3>${schemaOf(schema)}</article>`)
    .join('')}</section></main></body></html>`;
}

function article(operation: Operation & { path: string; method: string }): string {
  const {
    operationId,
    method,
    path,
    summary,
    description,
    parameters = [],
    requestBody,
    responses,
  } = operation;
  return `<article id="${operationId}"><h3>${escape(summary)}</h3>
<p class="request"><code><b>${method}</b> ${escape(path)}</code></p>${description === undefined ? '' : prose(description)}
<p>Who: ${WHO[operation['x-cmk-access']] ?? ''}. Name: <code>${operationId}</code>.</p>
${parameters.length === 0 ? '' : `<h4>Parameters</h4><ul>${parameters.map(parameter).join('')}</ul>`}
${
  requestBody
    ? `<h4>Body</h4>${Object.values(requestBody.content)
        .map(({ schema }) => schemaOf(schema))
        .join('')}`
    : ''
}
<h4>Answers</h4><dl>${Object.entries(responses).map(answer).join('')}</dl></article>`;
}

function parameter({ name, in: place, required, description, schema }: Parameter): string {
  const told = { ...schema, ...(description !== undefined && { description }) };
  return `<li><code>${escape(name)}</code> in ${place}${required === true ? '' : ', optional'}: ${schemaOf(told)}</li>`;
}

function answer([status, { description, content }]: [string, Operation['responses'][string]]): string {
  const what = Object.entries(content).map(([type, { schema }]) =>
    type === 'application/problem+json'
      ? prose(description)
      : `<p><code>${type}</code></p>${schemaOf(schema)}`,
  );
  return `<dt>${status}</dt><dd>${what.join('')}</dd>`;
}

/** A schema in words and nested lists. */
function schemaOf(schema: JsonSchema): string {
  const { $ref, type = [], properties, required, items, enum: values, const: only, description } = schema;
  const { oneOf, anyOf } = schema;
  const words = typeof description === 'string' ? ` ${inline(description)}` : '';
  if (typeof $ref === 'string') {
    const name = $ref.split('/').at(-1) ?? '';
    return `<a href="#schema-${name}">${name}</a>${words}`;
  }
  if (only !== undefined) return `<code>${escape(JSON.stringify(only))}</code>${words}`;
  if (Array.isArray(values)) {
    return `${values.map((each) => `<code>${escape(String(each))}</code>`).join(' | ')}${words}`;
  }
  const choices = (oneOf ?? anyOf) as JsonSchema[] | undefined;
  if (choices && !properties) {
    return `one of${words}<ul>${choices.map((each) => `<li>${schemaOf(each)}</li>`).join('')}</ul>`;
  }
  if (items) return `list of ${schemaOf(items as JsonSchema)}${words}`;
  const kind = [type as string | string[]].flat().join(' or ');
  if (!properties) return `${escape(kind)}${words}`;
  const members = Object.entries(properties as Record<string, JsonSchema>).map(([name, each]) => {
    const isNeeded = Array.isArray(required) && required.includes(name);
    return `<li><code>${escape(name)}</code>${isNeeded ? '' : ' (optional)'}: ${schemaOf(each)}</li>`;
  });
  return `${escape(kind)}${words}<ul>${members.join('')}</ul>`;
}

function prose(text: string): string {
  return text
    .split('\n\n')
    .map((paragraph) => `<p>${inline(paragraph)}</p>`)
    .join('');
}

/** `code` and **strong**, as the document's descriptions have them. */
function inline(text: string): string {
  return escape(text)
    .replace(/`([^`]+)`/g, '<code>$1</code>')
    .replace(/\*\*([^*]+)\*\*/g, '<strong>$1</strong>');
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (found) => `&#${found.charCodeAt(0)};`);
}
