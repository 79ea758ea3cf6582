import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { TLSSocket } from 'node:tls';
import { delay, isSilenced, parseObject, readBody, send, type Answer } from '../emulation/answer.ts';
import { LoopbackServer } from '../emulation/loopback-server.ts';
import { authorize } from './access.ts';
import type { AuditLog } from './audit-log.ts';
import { LOGIN_HOST, type Caller, type Entra } from './entra.ts';
import { AzureError } from './errors.ts';
import { deform, faultError, type FaultEffect, type Faults } from './faults.ts';
import { findOperation, runOperation, type Call, type Operation } from './operations.ts';
import type { Vault, VaultStore } from './vault-store.ts';

/** What the server speaks for. */
export interface World {
  readonly vaults: VaultStore;
  readonly entra: Entra;
  readonly faults: Faults;
  /** Of calls for tokens. */
  readonly entraFaults: Faults;
  readonly log: AuditLog;
}

const API_VERSIONS = ['7.4', '7.5', '7.6', '2025-07-01'];
const MAX_BODY_BYTES = 65_536;
const AUDIENCE = { vault: 'https://vault.azure.net', 'managed-hsm': 'https://managedhsm.azure.net' } as const;
const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };

/** A request as far as it is understood before anything of it is believed. */
interface Received {
  readonly vault: Vault;
  readonly request: IncomingMessage;
  readonly url: URL;
  readonly body: Buffer;
  readonly nowMs: number;
  readonly requestId: string;
}

/** One address for all vaults, Managed HSMs and Entra: the Host header says which of them is meant. */
export class AzureServer extends LoopbackServer {
  readonly #world: World;

  constructor(world: World, options: { port: number; tls: { certPem: string; keyPem: string } }) {
    super((request, response) => void this.#serve(request, response), options);
    this.#world = world;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.on('error', () => request.destroy());
    const host = (request.headers.host ?? '').toLowerCase().replace(/:443$/, '');
    try {
      const tooLarge = () => new AzureError('RequestEntityTooLarge', 'The request is too large.');
      const body = await readBody(request, MAX_BODY_BYTES, tooLarge);
      const url = new URL(request.url ?? '/', `https://${host}`);
      if (host === LOGIN_HOST) await this.#serveToken(request, response, url, body);
      else await this.#serveVault(request, response, url, body);
    } catch (error) {
      send(response, toAnswer(error, randomUUID()));
    }
  }

  async #serveToken(
    request: IncomingMessage,
    response: ServerResponse,
    { pathname }: URL,
    body: Buffer,
  ): Promise<void> {
    const { entra, entraFaults } = this.#world;
    const strike = entraFaults.strike({ vault: 'login', key: '', operation: 'Token' });
    await delay(strike.latencyMs, response);
    if (isSilenced(response, strike.effect)) return;
    const { method = '' } = request;
    const fault = faultError(strike.effect);
    const answer = fault
      ? {
          status: fault.status,
          headers: { ...JSON_TYPE, ...fault.headers },
          body: '{"error":"temporarily_unavailable"}',
        }
      : entra.handle({ method, path: pathname, body: body.toString('utf8') }, entraFaults.nowMs());
    send(
      response,
      strike.effect?.kind === 'malformed' ? deform({}, strike.effect.what) : answer,
      strike.effect,
    );
  }

  async #serveVault(
    request: IncomingMessage,
    response: ServerResponse,
    url: URL,
    body: Buffer,
  ): Promise<void> {
    const { vaults, faults } = this.#world;
    const requestId = randomUUID();
    const vault = vaults.vault(url.host);
    const received = { vault, request, url, body, nowMs: faults.nowMs({ vault: url.host }), requestId };
    const caller = this.#authenticate(received);
    if (caller === null) {
      send(response, this.#challenge(received));
      return;
    }
    const operation = this.#understand(received, caller);
    if (operation instanceof AzureError) {
      send(response, toAnswer(operation, requestId));
      return;
    }
    const key = `https://${url.host}/keys/${operation.keyName}`;
    const { latencyMs, effect } = faults.strike({ vault: url.host, key, operation: operation.name });
    await delay(latencyMs, response);
    if (isSilenced(response, effect)) return;
    send(response, this.#execute(received, caller, operation, effect), effect);
  }

  /** @returns null for a request without a valid token of the vault's own tenant and service */
  #authenticate({ vault, request, nowMs }: Received): Caller | null {
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    const caller = token === undefined ? null : this.#world.entra.verify(token, AUDIENCE[vault.kind], nowMs);
    return caller?.issuer === `https://sts.windows.net/${vault.tenantId}/` ? caller : null;
  }

  #challenge(received: Received): Answer {
    const { vault, request, requestId } = received;
    const missing = request.headers.authorization === undefined;
    const error = new AzureError(
      'Unauthorized',
      missing
        ? 'AKV10000: Request is missing a Bearer or PoP token.'
        : 'AKV10032: Invalid token or issuer for this vault.',
      {
        'www-authenticate': `Bearer authorization="https://${LOGIN_HOST}/${vault.tenantId}", resource="${AUDIENCE[vault.kind]}"`,
      },
    );
    this.#record(received, { operationName: 'Authentication', caller: null, keyId: null, error });
    return toAnswer(error, requestId);
  }

  #understand(received: Received, caller: Caller): Operation | AzureError {
    const { url, request } = received;
    try {
      const version = url.searchParams.get('api-version');
      if (version === null) throw new AzureError('BadParameter', 'api-version must be specified');
      if (!API_VERSIONS.includes(version)) {
        throw new AzureError('BadParameter', `The specified version (${version}) is not recognized.`);
      }
      // Some clients write the path with two slashes in front, as Key Vault's own documentation does.
      return findOperation(`${request.method ?? ''} ${url.pathname.replace(/^\/\//, '/')}`);
    } catch (error) {
      const known = toAzureError(error);
      this.#record(received, { operationName: 'Unknown', caller, keyId: null, error: known });
      return known;
    }
  }

  /** Runs a call and writes it into the log, as it went. */
  #execute(received: Received, caller: Caller, operation: Operation, effect: FaultEffect | null): Answer {
    const { vault, nowMs, requestId, request } = received;
    const call: Call = { vault, vaults: this.#world.vaults, body: {}, nowMs, keyId: null };
    let error: AzureError | null = null;
    try {
      const fault = faultError(effect);
      if (fault) throw fault;
      authorize(vault, caller, operation);
      const body = request.method === 'GET' ? {} : readFields(received);
      const answer = runOperation(operation, Object.assign(call, { body }));
      if (effect?.kind === 'malformed') return deform(answer, effect.what);
      return { status: 200, headers: headers(requestId), body: JSON.stringify(answer) };
    } catch (caught) {
      error = toAzureError(caught);
      return toAnswer(error, requestId);
    } finally {
      this.#record(received, { operationName: operation.name, caller, keyId: call.keyId, error });
    }
  }

  #record(
    { vault, request, url, nowMs, requestId }: Received,
    ended: { operationName: string; caller: Caller | null; keyId: string | null; error: AzureError | null },
  ): void {
    const { socket } = request;
    this.#world.log.record({
      ...ended,
      vault,
      apiVersion: url.searchParams.get('api-version') ?? '',
      status: ended.error?.status ?? 200,
      requestId,
      path: url.pathname + url.search,
      sourceAddress: socket.remoteAddress ?? 'unknown',
      userAgent: request.headers['user-agent'] ?? '',
      tlsVersion: socket instanceof TLSSocket ? (socket.getProtocol() ?? '') : '',
      nowMs,
    });
  }
}

function readFields({ request, body }: Received): Readonly<Record<string, unknown>> {
  const fields = parseObject(body);
  if (!/^application\/json\b/.test(request.headers['content-type'] ?? '') || !fields) {
    throw new AzureError('BadParameter', 'The request body is not JSON.');
  }
  return fields;
}

function toAzureError(error: unknown): AzureError {
  return error instanceof AzureError ? error : new AzureError('InternalServerError', String(error));
}

function toAnswer(error: unknown, requestId: string): Answer {
  const known = toAzureError(error);
  return {
    status: known.status,
    headers: { ...headers(requestId), ...known.headers },
    body: JSON.stringify(known.body),
  };
}

function headers(requestId: string): Record<string, string> {
  return {
    ...JSON_TYPE,
    'x-ms-request-id': requestId,
    'x-ms-keyvault-region': 'sandbox',
    'cache-control': 'no-cache',
  };
}
