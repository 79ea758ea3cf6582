import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { delay, isSilenced, parseObject, readBody, send, type Answer } from '../emulation/answer.ts';
import type { EventLog } from '../emulation/event-log.ts';
import { LoopbackServer } from '../emulation/loopback-server.ts';
import { toEvent, type OciEvent } from './audit.ts';
import { authorizedKey, type Call, type Operation, type VaultApi } from './call.ts';
import type { AssociatedData } from './ciphertext.ts';
import { OciError, notAuthorizedOrNotFound } from './errors.ts';
import { deform, faultError, type FaultEffect, type Faults } from './faults.ts';
import type { Identities, Principal } from './identities.ts';
import { Input } from './input.ts';
import type { KeyStore } from './key-store.ts';
import type { Region } from './ocid.ts';
import { operationAt } from './operations.ts';
import type { Policies } from './policies.ts';
import { authenticate } from './request-signature.ts';

/** What all regions share. */
export interface World {
  readonly keys: KeyStore;
  readonly identities: Identities;
  readonly policies: Policies;
  readonly faults: Faults;
  readonly log: EventLog<OciEvent>;
  readonly nowMs: () => number;
  /** Makes data keys. */
  readonly randomBytes: (count: number) => Buffer;
  /** After every call that may have changed a key. */
  readonly onChange: () => void;
}

/** A call that is allowed to reach the operations. */
export interface Admitted {
  readonly operation: Operation;
  readonly keyId: string;
  readonly vaultPart: string | null;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly principal: Principal;
  readonly requestId: string;
  readonly ipAddress: string;
  readonly userAgent: string;
  readonly url: string;
}

const MAX_BODY_BYTES = 131_072;
const VERSION = '/20180608';

/** The hosts of all vaults of one region, on one port; requests name the vault by their Host header. */
export class RegionServer extends LoopbackServer {
  readonly region: Region;
  readonly #world: World;

  constructor(region: Region, port: number, world: World) {
    super((request, response) => void this.#serve(request, response), { port });
    this.region = region;
    this.#world = world;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.on('error', () => request.destroy());
    const requestId = requestIdOf(request);
    try {
      const body = await readBody(request, MAX_BODY_BYTES, tooLarge);
      const admitted = this.#admit(request, body, requestId);
      const place = { region: this.region.id, key: admitted.keyId, operation: admitted.operation.name };
      const strike = this.#world.faults.strike(place);
      await delay(strike.latencyMs, response);
      this.#answer(response, admitted, strike.effect);
    } catch (error) {
      send(response, toAnswer(error, requestId));
    }
  }

  /** Who calls what; the signature is checked before anything of the request is believed. */
  #admit(request: IncomingMessage, body: Buffer, requestId: string): Admitted {
    const { headers, method = '', url = '' } = request;
    const nowMs = this.#world.faults.nowMs({ region: this.region.id });
    const { principal } = authenticate({ method, url, headers, body }, this.#world.identities, nowMs);
    const { vaultPart, api } = this.#hostOf(headers.host ?? '');
    if (!url.startsWith(`${VERSION}/`)) throw new OciError('NotFound', `${url} does not exist`);
    const { operation, keyId } = operationAt(api, method, url.slice(VERSION.length));
    const fields = method === 'GET' ? {} : parseFields(body, headers['content-type']);
    const named = keyId ?? fields['keyId'];
    if (typeof named !== 'string') throw new OciError('MissingParameter', 'keyId must not be null');
    return {
      operation,
      keyId: named,
      vaultPart,
      fields,
      principal,
      requestId,
      ipAddress: request.socket.remoteAddress ?? 'unknown',
      userAgent: headers['user-agent'] ?? '',
      url,
    };
  }

  #hostOf(host: string): { vaultPart: string; api: VaultApi } {
    const [, vaultPart = '', api, domain] = /^([a-z0-9]+)-(crypto|management)\.kms\.(.+)$/.exec(host) ?? [];
    const isHere =
      domain === this.region.domain && this.#world.keys.findVault(vaultPart)?.region === this.region;
    if (!isHere) throw notAuthorizedOrNotFound();
    return { vaultPart, api: api as VaultApi };
  }

  #answer(response: ServerResponse, admitted: Admitted, effect: FaultEffect | null): void {
    if (isSilenced(response, effect)) return;
    const answer = execute(this.#world, admitted, effect);
    const deformed = effect?.kind === 'malformed' ? deform(answer, effect.what) : null;
    const { status, body } = deformed ?? { status: 200, body: JSON.stringify(answer) };
    send(
      response,
      { status, headers: { ...headersOf(admitted.requestId), ...deformed?.headers }, body },
      effect,
    );
  }
}

/**
 * Runs a call and writes it into the log, as it went.
 * @param effect may be an error to answer in place of the operation's own result
 * @throws OciError
 */
export function execute(world: World, admitted: Admitted, effect: FaultEffect | null = null): object {
  const { operation, principal, keyId, fields } = admitted;
  const { keys, identities, policies, randomBytes } = world;
  const call: Call = {
    operation,
    vaultPart: admitted.vaultPart,
    principal,
    keys,
    identities,
    policies,
    nowMs: world.nowMs(),
    randomBytes,
    key: null,
    version: null,
  };
  let error: OciError | null = null;
  try {
    const key = authorizedKey(keyId, call);
    const fault = faultError(effect);
    if (fault) throw new Throttled(fault, effect);
    const { keyId: _named, ...rest } = fields;
    return operation.run(key, new Input(rest, operation.fields), call);
  } catch (caught) {
    error = caught instanceof OciError ? caught : new OciError('InternalServerError', String(caught));
    throw error;
  } finally {
    const { requestId, ipAddress, userAgent, url } = admitted;
    const loggingContext = (fields['loggingContext'] ?? {}) as AssociatedData;
    const event = toEvent({ call, loggingContext, error, requestId, ipAddress, userAgent, url });
    if (event) world.log.record(event);
    if (operation.method !== 'GET' && operation.api === 'management') world.onChange();
  }
}

/** An error on demand, with what it says about when to come back. */
class Throttled extends OciError {
  readonly retryAfterSeconds: number | undefined;

  constructor({ code, message }: OciError, effect: FaultEffect | null) {
    super(code, message);
    this.retryAfterSeconds = effect?.kind === 'throttle' ? effect.retryAfterSeconds : undefined;
  }
}

function tooLarge(): OciError {
  return new OciError('PayloadTooLarge', `The body is longer than ${MAX_BODY_BYTES} bytes.`);
}

function parseFields(body: Buffer, contentType: string | undefined): Readonly<Record<string, unknown>> {
  const fields = body.length === 0 ? {} : parseObject(body);
  if (!fields || contentType !== 'application/json') {
    throw new OciError('CannotParseRequest', 'Incorrectly formatted request');
  }
  return fields;
}

function toAnswer(error: unknown, requestId: string): Answer {
  const known = error instanceof OciError ? error : new OciError('InternalServerError', String(error));
  const { code, message } = known;
  const after = known instanceof Throttled ? known.retryAfterSeconds : undefined;
  return {
    status: known.status,
    headers: { ...headersOf(requestId), ...(after === undefined ? {} : { 'retry-after': String(after) }) },
    body: JSON.stringify({ code, message }),
  };
}

/** The caller's own, with which OCI begins its. */
function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['opc-request-id'];
  const own = randomUUID().replaceAll('-', '').toUpperCase();
  return typeof given === 'string' && /^[\w/-]{1,100}$/.test(given) ? `${given}/${own}` : own;
}

function headersOf(requestId: string): Record<string, string> {
  return { 'opc-request-id': requestId, 'content-type': 'application/json' };
}
