import type { BrokerWorld } from './broker-world.ts';
import { TOKEN } from './settings.ts';

/** A call with what is wrong about it. */
export interface Wrong {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
  readonly status: number;
  readonly code: string;
  /** The refusal itself is an audit event. */
  readonly audited?: boolean;
}

/** An administrative call. */
export interface Route {
  /** A body that would be taken; absent: the call has none. */
  readonly body?: object;
  /** Parameters that may name what there is not yet. */
  readonly makes?: string;
  /** Query that is needed. */
  readonly query?: string;
  readonly wrong?: Readonly<Record<string, Wrong>>;
}

export const invalid = { status: 400, code: 'INVALID_ARGUMENT' } as const;
/** A list has these, whatever it is of. */
export const LIST: Route = {
  wrong: {
    'a limit of none': { query: 'limit=0', ...invalid },
    'an unknown parameter': { query: 'all=1', ...invalid },
  },
};
export const READ: Route = {};

/** What there is not, of anything that has a UUID. */
export const NOBODY = '00000000-0000-4000-8000-000000000000';

/** What the names in the rows stand for. */
export type Ids = Readonly<Record<string, string>>;

/** What holds for each route of a kind, in rows of its own. */
export function commonRows(path: string, route: Route): Record<string, Wrong> {
  const rows: Record<string, Wrong> = {};
  for (const [, name = ''] of path.matchAll(/:(\w+)/g)) {
    if (name === 'srvId' || name === 'type') continue;
    rows[`a malformed ${name}`] = { params: { [name]: 'a%20b' }, ...invalid };
    if (route.makes === name) continue;
    // Of a key it does not matter whose it is not.
    const aboutKey = path.includes(':key');
    const codes: Record<string, string> = { id: 'ASSET_NOT_FOUND', account: 'ACCOUNT_UNKNOWN' };
    const code = (aboutKey ? null : codes[name]) ?? 'NOT_FOUND';
    const unknown = { status: 404, code };
    const id = name === 'account' || name === 'group' ? 'nobody' : NOBODY;
    rows[`an unknown ${name}`] = { params: { [name]: id }, ...unknown };
    if (name === 'account' || !path.includes(':account')) continue;
    rows[`another account’s ${name}`] = { params: { account: 'globex' }, ...unknown };
  }
  if (route.body) {
    rows['no body'] = { body: [], ...invalid };
    rows['an unknown field'] = { body: { ...route.body, admin: true }, ...invalid };
  }
  return rows;
}

/** Makes a call, wrong as a row says. */
export async function ask(world: BrokerWorld, name: string, route: Route, wrong: Wrong, ids: Ids) {
  const [method = '', path = ''] = name.split(' ');
  const idOf = (param: string) => {
    const given = wrong.params?.[param] ?? param;
    return ids[given] ?? given;
  };
  const query = wrong.query ?? route.query;
  const url = path.replaceAll(/:(\w+)/g, (_, param: string) => idOf(param)) + (query ? `?${query}` : '');
  const body = wrong.body ?? route.body;
  const text =
    body && JSON.stringify(body).replaceAll(/"(KEY|THEIR KEY)"/g, (_, id: string) => `"${ids[id]}"`);
  const response = await fetch(`http://127.0.0.1:${world.broker.adminPort}${url}`, {
    method,
    headers: {
      authorization: `Bearer ${TOKEN}`,
      ...(text !== undefined && { 'content-type': 'application/json' }),
      ...wrong.headers,
    },
    ...(text !== undefined && { body: text }),
  });
  return { status: response.status, body: (await response.json()) as { code?: string; detail?: string } };
}
