import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { delay, isSilenced, parseObject, readBody, send, type Answer } from '../emulation/answer.ts';
import type { Faults } from '../emulation/faults.ts';
import { isAllowed } from './acl.ts';
import type { Audit } from './audit.ts';
import { describeAuth, type Auth, type Token } from './auth.ts';
import { denied, noHandler, VaultError } from './errors.ts';
import { deform, faultError, faultHeaders, json, type FaultEffect, type FaultPlace } from './faults.ts';
import type { Capability } from './hcl.ts';
import { decodeBase64, decrypt, describe, encrypt, type TransitKeys } from './keys.ts';

const MAX_BODY_BYTES = 1_048_576;
const OPERATIONS: Readonly<Record<string, 'read' | 'update'>> = {
  GET: 'read',
  POST: 'update',
  PUT: 'update',
};

/** What the server works on. */
export interface World {
  readonly auth: Auth;
  /** By mount, e.g. `transit`. */
  readonly mounts: ReadonlyMap<string, TransitKeys>;
  readonly audit: Audit;
  readonly faults: Faults<FaultEffect, FaultPlace>;
  readonly namespace: string;
  readonly isSealed: () => boolean;
  /** After every call that may have changed a key. */
  readonly onChange: () => void;
}

/** A request whose path is understood. */
interface Call {
  readonly id: string;
  /** Without `/v1/` and namespace. */
  readonly path: string;
  readonly operation: 'read' | 'update';
  readonly fields: Readonly<Record<string, unknown>>;
  readonly tokenText: string | null;
  readonly remoteAddress: string;
  token: Token | null;
  allowed: boolean;
}

export async function serve(world: World, request: IncomingMessage, response: ServerResponse): Promise<void> {
  request.on('error', () => request.destroy());
  try {
    const body = await readBody(request, MAX_BODY_BYTES, () => new VaultError(413, 'request body too large'));
    const call = admit(world, request, body);
    const strike = world.faults.strike(placeOf(call.path));
    await delay(strike.latencyMs, response);
    if (isSilenced(response, strike.effect)) return;
    send(response, answerTo(world, call, strike.effect), strike.effect);
  } catch (error) {
    send(response, refusalOf(error));
  }
}

/** @throws VaultError */
function admit(world: World, request: IncomingMessage, body: Buffer): Call {
  const { method = '', url = '', headers } = request;
  const operation = OPERATIONS[method];
  const { pathname } = new URL(url, 'http://vault');
  if (!operation || !pathname.startsWith('/v1/')) throw new VaultError(404);
  const header = headers['x-vault-namespace'];
  const full = `${typeof header === 'string' ? `${header.replace(/\/$/, '')}/` : ''}${pathname.slice('/v1/'.length)}`;
  const prefix = world.namespace === '' ? '' : `${world.namespace}/`;
  if (!full.startsWith(prefix)) throw noHandler(full);
  const fields = body.length === 0 ? {} : parseObject(body);
  if (!fields) throw new VaultError(400, 'failed to parse JSON input');
  const token = headers['x-vault-token'];
  return {
    id: randomUUID(),
    path: full.slice(prefix.length),
    operation,
    fields,
    tokenText: typeof token === 'string' ? token : null,
    remoteAddress: request.socket.remoteAddress ?? 'unknown',
    token: null,
    allowed: false,
  };
}

function answerTo(world: World, call: Call, effect: FaultEffect | null): Answer {
  let error: VaultError | null = faultError(effect, call.path);
  let answer: Record<string, unknown> | null = null;
  try {
    if (world.isSealed()) throw new VaultError(503, 'Vault is sealed');
    if (error) throw error;
    answer = execute(world, call);
    const whole = { request_id: call.id, lease_id: '', renewable: false, lease_duration: 0, ...answer };
    return effect?.kind === 'malformed' ? deform(whole, effect.what) : json(200, whole);
  } catch (caught) {
    error = caught instanceof VaultError ? caught : new VaultError(500, String(caught));
    const refusal = refusalOf(error);
    return { ...refusal, headers: { ...refusal.headers, ...faultHeaders(effect) } };
  } finally {
    const data = (answer?.['data'] ?? answer?.['auth'] ?? null) as Record<string, unknown> | null;
    world.audit.record({
      ...call,
      ...mountOf(world, call.path),
      requestId: call.id,
      nowMs: world.faults.nowMs(),
      namespace: world.namespace,
      answer: data,
      error: error && (error.texts.join('; ').trim() || `HTTP ${error.status}`),
    });
  }
}

/** @throws VaultError */
function execute(world: World, call: Call): Record<string, unknown> {
  const login = /^auth\/([\w-]+)\/login$/.exec(call.path);
  if (login) return logIn(world, call, login[1] ?? '');
  if (call.tokenText === null) throw new VaultError(400, 'missing client token');
  call.token = world.auth.tokenOf(call.tokenText);
  const [, mount = '', action = '', name = ''] =
    /^(.+)\/(encrypt|decrypt|keys)\/([^/]+)$/.exec(call.path) ?? [];
  const keys = world.mounts.get(mount);
  // Encrypting with a key that is not there makes it: that is creating.
  const creates = action === 'encrypt' && keys !== undefined && !keys.find(name);
  const capability: Capability = creates ? 'create' : call.operation;
  if (!isAllowed(world.auth.rulesOf(call.token), { path: call.path, capability, fields: call.fields }))
    throw denied();
  call.allowed = true;
  if (call.path === 'auth/token/lookup-self' && call.operation === 'read') {
    return { data: { ...describeAuth(call.token, world.faults.nowMs()), id: call.token.value } };
  }
  if (call.path === 'auth/token/renew-self' && call.operation === 'update') {
    world.auth.renew(call.token);
    return { auth: describeAuth(call.token, world.faults.nowMs()) };
  }
  if (!keys) throw noHandler(call.path);
  return { data: useTransit(world, keys, { call, action, name }) };
}

function logIn(world: World, call: Call, mount: string): Record<string, unknown> {
  const { role, jwt } = call.fields;
  if (typeof role !== 'string' || typeof jwt !== 'string') throw new VaultError(400, 'missing jwt or role');
  if (call.operation !== 'update') throw new VaultError(405, 'unsupported operation');
  const token = world.auth.logIn(mount, role, jwt);
  call.token = token;
  call.allowed = true;
  return { auth: describeAuth(token, world.faults.nowMs()) };
}

function useTransit(
  world: World,
  keys: TransitKeys,
  { call, action, name }: { call: Call; action: string; name: string },
): Record<string, unknown> {
  const { operation, fields } = call;
  if ((action === 'keys') !== (operation === 'read')) throw new VaultError(405, 'unsupported operation');
  if (action === 'keys') {
    const key = keys.find(name);
    if (!key) throw new VaultError(404);
    return describe(key) as Record<string, unknown>;
  }
  const needed = action === 'encrypt' ? 'plaintext' : 'ciphertext';
  for (const field of Object.keys(fields)) {
    if (field !== needed && field !== 'associated_data') {
      throw new VaultError(400, `${field}: not supported by this emulator`);
    }
  }
  const input = fields[needed];
  const bound = fields['associated_data'] ?? '';
  if (typeof input !== 'string' || input === '') throw new VaultError(400, `missing ${needed} to ${action}`);
  const associatedData = typeof bound === 'string' ? decodeBase64(bound) : undefined;
  if (!associatedData) throw new VaultError(400, 'illegal base64 data in associated_data');
  if (action === 'decrypt') {
    return { plaintext: decrypt(keys.get(name), input, associatedData).toString('base64') };
  }
  const plaintext = decodeBase64(input);
  if (!plaintext) throw new VaultError(400, 'illegal base64 data at input byte 0');
  const key = keys.find(name) ?? keys.create(name, { createdAtMs: world.faults.nowMs() });
  const ciphertext = encrypt(key, plaintext, associatedData);
  world.onChange();
  return { ciphertext, key_version: key.materials.length };
}

function refusalOf(error: unknown): Answer {
  const known = error instanceof VaultError ? error : badRequest(error);
  return json(known.status, { errors: known.texts });
}

function badRequest(error: unknown): VaultError {
  return new VaultError(500, String(error));
}

function placeOf(path: string): Record<FaultPlace, string> {
  const [, action = '', key = ''] = /(?:^|\/)(encrypt|decrypt|keys)\/([^/]+)$/.exec(path) ?? [];
  const operation = action === 'keys' ? 'read' : action || (path.split('/').at(-1) ?? '');
  return { key, operation };
}

function mountOf(world: World, path: string): { mountPoint: string; mountType: string } {
  const mount = [...world.mounts.keys()].find((name) => path.startsWith(`${name}/`));
  if (mount !== undefined) return { mountPoint: `${mount}/`, mountType: 'transit' };
  const [, method = 'token'] = /^auth\/([\w-]+)\//.exec(path) ?? [];
  return { mountPoint: `auth/${method}/`, mountType: method };
}
