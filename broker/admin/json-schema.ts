/** A JSON schema, 2020-12 as OpenAPI 3.1 has it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** An object of these members and no others. @param required default: all of them */
export function object<P extends Record<string, unknown>>(properties: P, required = Object.keys(properties)) {
  return { type: 'object', additionalProperties: false, properties, required } as const;
}

/** What is described once, under this name, for all operations. */
export function ref(name: string): JsonSchema {
  return { $ref: `${name}#` };
}

export function listOf(items: object) {
  return { type: 'array', items } as const;
}

export function nullable(schema: JsonSchema): JsonSchema {
  const { type, enum: values } = schema;
  if (type === undefined && values === undefined) return { anyOf: [schema, { type: 'null' }] };
  return {
    ...schema,
    ...(type !== undefined && { type: [type, 'null'] }),
    ...(Array.isArray(values) && { enum: [...(values as unknown[]), null] }),
  };
}

/** One of these texts. */
export function oneOf(values: readonly string[]) {
  return { type: 'string', enum: values } as const;
}

/** With words for who reads the description of the API. */
export function about<S extends object>(description: string, schema: S) {
  return { ...schema, description };
}

export const text = { type: 'string' } as const;
export const flag = { type: 'boolean' } as const;
export const count = { type: 'integer', minimum: 0 } as const;
export const millis = about('UNIX milliseconds', { type: 'integer' } as const);
export const seconds = about('UNIX seconds', { type: 'integer' } as const);
