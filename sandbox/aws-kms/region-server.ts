import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { delay, isSilenced, parseObject, readBody, send, type Answer } from '../emulation/answer.ts';
import { LoopbackServer } from '../emulation/loopback-server.ts';
import type { Call } from './call.ts';
import { AwsError } from './errors.ts';
import { deform, faultError, type Faults, type FaultEffect } from './faults.ts';
import type { KeyStore } from './key-store.ts';
import { findOperation, runOperation } from './operations.ts';
import type { Principal, Principals } from './principals.ts';
import { authenticate } from './sigv4.ts';
import type { Trail } from './trail.ts';

/** What all regions share. */
export interface World {
  readonly keys: KeyStore;
  readonly principals: Principals;
  readonly faults: Faults;
  readonly trail: Trail;
  readonly regions: readonly string[];
  readonly nowMs: () => number;
  /** Makes data keys. */
  readonly randomBytes: (count: number) => Buffer;
  /** After every call that may have changed a key. */
  readonly onChange: () => void;
}

/** A call that is allowed to reach the operations. */
export interface Admitted {
  readonly name: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly principal: Principal;
  readonly region: string;
  readonly requestId: string;
  readonly sourceIPAddress: string;
  readonly userAgent: string;
}

const MAX_BODY_BYTES = 1_048_576;
const CONTENT_TYPE = 'application/x-amz-json-1.1';
const TARGET_PREFIX = 'TrentService.';

/** The endpoint of one region. */
export class RegionServer extends LoopbackServer {
  readonly region: string;
  readonly #world: World;

  constructor(region: string, port: number, world: World) {
    super((request, response) => void this.#serve(request, response), { port });
    this.region = region;
    this.#world = world;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.on('error', () => request.destroy());
    const requestId = randomUUID();
    try {
      const body = await readBody(request, MAX_BODY_BYTES, tooLarge);
      const admitted = this.#admit(request, body, requestId);
      const key = typeof admitted.fields['KeyId'] === 'string' ? admitted.fields['KeyId'] : '';
      const strike = this.#world.faults.strike({ region: this.region, key, operation: admitted.name });
      await delay(strike.latencyMs, response);
      this.#answer(response, requestId, admitted, strike.effect);
    } catch (error) {
      send(response, toAnswer(error, requestId));
    }
  }

  /** Who calls what; the signature is checked before anything of the request is believed. */
  #admit(request: IncomingMessage, body: Buffer, requestId: string): Admitted {
    const { headers, method = '', url = '' } = request;
    const { principal } = authenticate({ method, url, headers, body }, this.#world.principals, {
      service: 'kms',
      region: this.region,
      nowMs: this.#world.faults.nowMs({ region: this.region }),
    });
    const target = headers['x-amz-target'];
    if (method !== 'POST' || headers['content-type'] !== CONTENT_TYPE || typeof target !== 'string') {
      throw new AwsError('UnknownOperationException');
    }
    if (!target.startsWith(TARGET_PREFIX)) throw new AwsError('UnknownOperationException');
    return {
      name: target.slice(TARGET_PREFIX.length),
      fields: parseFields(body),
      principal,
      region: this.region,
      requestId,
      sourceIPAddress: request.socket.remoteAddress ?? 'unknown',
      userAgent: headers['user-agent'] ?? '',
    };
  }

  #answer(response: ServerResponse, requestId: string, admitted: Admitted, effect: FaultEffect | null): void {
    if (isSilenced(response, effect)) return;
    const answer = execute(this.#world, admitted, faultError(effect));
    const { status, body } =
      effect?.kind === 'malformed'
        ? deform(answer, effect.what)
        : { status: 200, body: JSON.stringify(answer) };
    send(response, { status, headers: headers(requestId), body }, effect);
  }
}

/**
 * Runs a call and writes it into the log, as it went.
 * @param fault what to answer in place of the operation's own result
 * @throws AwsError
 */
export function execute(world: World, admitted: Admitted, fault: AwsError | null = null): object {
  const { name, fields, principal, region } = admitted;
  const operation = findOperation(name);
  const { keys, regions } = world;
  const call: Call = {
    name,
    region,
    regions,
    principal,
    keys,
    nowMs: world.nowMs(),
    randomBytes: world.randomBytes,
    key: null,
    materialVersion: null,
  };
  let error: AwsError | null = null;
  try {
    if (fault) throw fault;
    return runOperation(fields, call);
  } catch (caught) {
    error = caught instanceof AwsError ? caught : new AwsError('KMSInternalException', String(caught));
    if (fault) call.key = tryResolve(call, fields);
    throw error;
  } finally {
    const { requestId, sourceIPAddress, userAgent } = admitted;
    world.trail.record({ call, operation, fields, error, requestId, sourceIPAddress, userAgent });
    if (!operation.readOnly) world.onChange();
  }
}

/** A call that failed before its operation ran still belongs into the log of the key's owner. */
function tryResolve(call: Call, fields: Readonly<Record<string, unknown>>): Call['key'] {
  try {
    return call.keys.resolve(String(fields['KeyId']), call.region, call.principal.account);
  } catch {
    return null;
  }
}

function tooLarge(): AwsError {
  return new AwsError('RequestEntityTooLargeException');
}

function parseFields(body: Buffer): Readonly<Record<string, unknown>> {
  const fields = parseObject(body);
  if (!fields) throw new AwsError('SerializationException');
  return fields;
}

function toAnswer(error: unknown, requestId: string): Answer {
  const known = error instanceof AwsError ? error : new AwsError('KMSInternalException', String(error));
  // KMS capitalises this one field of this one error.
  const field = known.type === 'AccessDeniedException' ? 'Message' : 'message';
  const message = known.message === '' ? {} : { [field]: known.message };
  const body = JSON.stringify({ __type: known.type, ...message });
  const { status, retryAfterSeconds: after } = known;
  const more: Record<string, string> = after === undefined ? {} : { 'retry-after': String(after) };
  return { status, headers: { ...headers(requestId), ...more }, body };
}

function headers(requestId: string): Record<string, string> {
  return {
    'x-amzn-requestid': requestId,
    'content-type': CONTENT_TYPE,
    'cache-control': 'no-cache, no-store, must-revalidate, private',
  };
}
