import type { FastifyInstance } from 'fastify';
import type { AccessRule } from '../../broker/model/principal.ts';

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly schema: Readonly<Record<string, unknown>>;
}

interface Described {
  readonly operationId: string;
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly 'x-cmk-access': AccessRule;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema: object }> };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: object }>>;
}

/** An operation of the OpenAPI document. */
export interface ApiOperation extends Described {
  readonly method: string;
  /** As the document has it: `/v1/accounts/{account}`. */
  readonly path: string;
}

/** Every operation that the document tells of. */
export function operationsOf(app: FastifyInstance): ApiOperation[] {
  const paths = (app.swagger() as unknown as { paths: Record<string, Record<string, Described>> }).paths;
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => ({
      ...described,
      method: method.toUpperCase(),
      path,
    })),
  );
}

/** Where an operation is, with these names in its path. */
export function urlOf(path: string, names: Readonly<Record<string, string>>): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(names[name] ?? name));
}
