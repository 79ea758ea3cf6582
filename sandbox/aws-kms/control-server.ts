import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AwsKms, CreateKeyOptions } from './emulator.ts';
import { AwsError } from './errors.ts';
import type { Fault } from './faults.ts';
import type { KeyStore } from './key-store.ts';
import { LoopbackServer } from './loopback-server.ts';
import type { PrincipalSpec } from './principals.ts';

const MAX_BODY_BYTES = 65_536;

/**
 * The customer's console, for demonstrations: plain HTTP on loopback, without authentication.
 *
 * - `GET /events?eventName=&key=&account=&errorCode=`: the log as an array
 * - `GET /keys`: every key with its state
 * - `POST /keys/ID-OR-ARN/ACTION[?region=]`, ACTION one of enable, disable, schedule-deletion, cancel-deletion,
 *   rotate, policy (the body is the new policy). An id without region means the key in every region.
 * - `POST /keys` (the body: account, region, multiRegion, policy) answers `{ arn }`
 * - `POST /keys/ARN/replicate?region=` (the body: the replica's policy, or nothing) answers `{ arn }`
 * - `POST /principals` (the body: account, kind, name, identityPolicy) answers an access key
 * - `POST /faults` (the body is a fault), `DELETE /faults`
 */
export class ControlServer extends LoopbackServer {
  readonly #kms: Omit<AwsKms, 'controlUrl'>;
  readonly #keys: KeyStore;

  constructor(kms: Omit<AwsKms, 'controlUrl'>, keys: KeyStore, port: number) {
    super(port);
    this.#kms = kms;
    this.#keys = keys;
  }

  protected override async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let status = 200;
    let body: unknown;
    try {
      body = this.#handle(request, await readText(request)) ?? {};
    } catch (error) {
      status = error instanceof AwsError && error.type === 'NotFoundException' ? 404 : 400;
      body = {
        error: error instanceof AwsError ? error.type : 'BadRequest',
        message: (error as Error).message,
      };
    }
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body, null, 2) + '\n');
  }

  #handle(request: IncomingMessage, text: string): unknown {
    // A web page that a developer has open must not be able to turn keys off.
    if (request.headers.origin !== undefined) throw new Error('requests from web pages are refused');
    const { pathname, searchParams } = new URL(request.url ?? '/', this.url);
    const route = `${request.method ?? ''} ${pathname}`;
    if (route === 'GET /events') return this.#kms.events(Object.fromEntries(searchParams));
    if (route === 'GET /keys') return this.#list();
    if (route === 'DELETE /faults') {
      this.#kms.faults.clear();
      return {};
    }
    if (route === 'POST /faults') return void this.#kms.faults.add(JSON.parse(text) as Fault);
    if (route === 'POST /keys') return { arn: this.#kms.createKey(JSON.parse(text) as CreateKeyOptions) };
    if (route === 'POST /principals') return this.#kms.createPrincipal(JSON.parse(text) as PrincipalSpec);
    const action = /^POST \/keys\/(.+)\/([a-z-]+)$/.exec(route);
    if (!action) throw new AwsError('NotFoundException', `no such route: ${route}`);
    const [, path = '', verb = ''] = action;
    const key = decodeURIComponent(path);
    const region = searchParams.get('region');
    if (verb !== 'replicate') return this.#change(key, verb, region, text);
    const policy = text === '' ? undefined : (JSON.parse(text) as object);
    return { arn: this.#kms.replicateKey(key, region ?? '', policy) };
  }

  #list(): object[] {
    return this.#keys.all().map(({ arn, region, account, state }) => ({ arn, region, account, state }));
  }

  #change(idOrArn: string, verb: string, region: string | null, text: string): object[] {
    const keys = this.#keys
      .all()
      .filter(
        (key) => key.arn === idOrArn || (key.keyId === idOrArn && (region === null || key.region === region)),
      );
    if (keys.length === 0) throw new AwsError('NotFoundException', `no such key: ${idOrArn}`);
    for (const key of keys) this.#act(key.arn, verb, text);
    return keys.map(({ arn, state }) => ({ arn, state }));
  }

  #act(arn: string, verb: string, text: string): void {
    const actions: Record<string, () => void> = {
      enable: () => this.#kms.enableKey(arn),
      disable: () => this.#kms.disableKey(arn),
      'schedule-deletion': () => this.#kms.scheduleKeyDeletion(arn),
      'cancel-deletion': () => this.#kms.cancelKeyDeletion(arn),
      rotate: () => this.#kms.rotateKey(arn),
      policy: () => this.#kms.putKeyPolicy(arn, JSON.parse(text) as object),
    };
    const action = Object.hasOwn(actions, verb) ? actions[verb] : undefined;
    if (!action) throw new AwsError('NotFoundException', `no such action: ${verb}`);
    action();
  }
}

async function readText(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > MAX_BODY_BYTES) throw new Error(`body: expected at most ${MAX_BODY_BYTES} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}
