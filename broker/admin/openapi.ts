import swagger from '@fastify/swagger';
import type { FastifyInstance, FastifySchema } from 'fastify';
import { addApiPage } from './api-page.ts';
import { ANSWERS } from './answers/answers.ts';
import { object, type JsonSchema } from './json-schema.ts';
import { operation, TAGS } from './operation.ts';

/** Of what the API promises, not of the release that serves it. */
const API_VERSION = '1.0.0';

const DESCRIPTION = `Everything that people and programs do with CMK, the portal and \`cmk admin\` included.

**Who calls.** With \`Authorization: Bearer TOKEN\`: the operator's token, or an API token of an account. From a browser: the
session cookie, and for what changes something the header \`X-CMK-CSRF\` as well. Operators see all accounts; administrators
and auditors see one, and any other answers as if it did not exist. \`x-cmk-access\` says for each operation who may call it:
\`READ\` operators, administrators and auditors; \`ADMINISTER\` operators and administrators; \`OPERATE\` operators.

**Sets of words** in answers, such as the states of a key, grow with releases, also while one is rolled out. Take a word that
you do not know as it comes.

**Refusals** are problem details (RFC 9457) with a \`code\` to decide by, all of them in docs/errors.md.

**Writing on what was read.** Where an answer has an \`ETag\`, send it back as \`If-Match\`: when somebody else changed the thing
since, nothing happens, and the answer is 412. Operations that make something heed \`Idempotency-Key\`.`;

const DOCUMENT = operation('PUBLIC', {
  id: 'getOpenApi',
  tag: 'Documentation',
  summary: 'This document',
  answer: { type: 'object', additionalProperties: true },
});

/** Describes every route that is registered afterwards, at `/v1/openapi.json` and, for people, `/docs/api`. */
export function addOpenApi(app: FastifyInstance): void {
  for (const [name, schema] of Object.entries(ANSWERS)) app.addSchema({ $id: name, ...schema });
  void app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'CMK administration', version: API_VERSION, description: DESCRIPTION },
      tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
      security: [{ bearer: [] }, { session: [] }],
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer' },
          session: { type: 'apiKey', in: 'cookie', name: '__Host-cmk-session' },
        },
      },
    },
    convertConstToEnum: false,
    refResolver: { buildLocalReference: (json) => json['$id'] as string },
    transform: ({ schema, url }) => ({ schema: flattened(schema), url }),
    transformObject: (made) => finished('openapiObject' in made ? made.openapiObject : {}),
  });
  app.after(() => {
    app.get('/v1/openapi.json', DOCUMENT, () => app.swagger());
    addApiPage(app);
  });
}

/** Parameters are told one by one: those of any alternative, and those of all as required. */
function flattened(schema: FastifySchema): FastifySchema {
  const { querystring } = schema as { querystring?: { oneOf?: ReturnType<typeof object>[] } };
  if (!querystring?.oneOf) return schema;
  const merged: Record<string, JsonSchema[]> = {};
  for (const { properties } of querystring.oneOf) {
    for (const [name, each] of Object.entries(properties)) {
      merged[name] = [...(merged[name] ?? []), each as JsonSchema];
    }
  }
  const first = Object.keys(merged).filter((name) =>
    querystring.oneOf?.every(({ required }) => required.includes(name)),
  );
  const properties = Object.fromEntries(
    Object.entries(merged).map(([name, all]) => [name, all.length === 1 ? all[0] : either(all)]),
  );
  return { ...schema, querystring: object(properties, first) };
}

function either(schemas: readonly JsonSchema[]): JsonSchema {
  const constants = schemas.map((each) => each['const']);
  if (constants.every((each) => each !== undefined)) return { type: 'string', enum: constants };
  return { anyOf: schemas };
}

interface Operation {
  requestBody?: { required: boolean; content: Record<string, { schema: { type?: unknown } }> };
}

/** What the plug-in cannot know. */
function finished<D extends object>(document: D): D {
  const { paths = {} } = document as { paths?: Record<string, Record<string, Operation>> };
  for (const { requestBody } of Object.values(paths).flatMap((each) => Object.values(each))) {
    const type = requestBody?.content['application/json']?.schema.type;
    if (requestBody && Array.isArray(type) && type.includes('null')) requestBody.required = false;
  }
  return document;
}
