import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { delay, isSilenced, readBody, send, type Answer } from '../emulation/answer.ts';
import { LoopbackServer } from '../emulation/loopback-server.ts';
import { assumeRole, parseForm, type Form, type Session } from './assume-role.ts';
import { AwsError } from './errors.ts';
import { faultError } from './faults.ts';
import type { Principal } from './principals.ts';
import type { World } from './region-server.ts';
import { authenticate } from './sigv4.ts';
import { answerXml, deformXml, errorXml } from './sts-xml.ts';

const MAX_BODY_BYTES = 65_536;
const CONTENT_TYPE = 'application/x-www-form-urlencoded';

/** A region's STS: its query protocol, and of its operations AssumeRole. */
export class StsServer extends LoopbackServer {
  readonly region: string;
  readonly #world: World;

  constructor(region: string, world: World) {
    super((request, response) => void this.#serve(request, response), { port: 0 });
    this.region = region;
    this.#world = world;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.on('error', () => request.destroy());
    const requestId = randomUUID();
    try {
      const body = await readBody(request, MAX_BODY_BYTES, tooLarge);
      const { principal, form } = this.#admit(request, body);
      const place = { region: this.region, key: form.RoleArn, operation: 'AssumeRole' };
      const { latencyMs, effect } = this.#world.faults.strike(place);
      await delay(latencyMs, response);
      if (isSilenced(response, effect)) return;
      const session = this.#run({ principal, form, fault: faultError(effect), request, requestId });
      const xml = answerXml(session, requestId);
      const { status, body: answer } =
        effect?.kind === 'malformed' ? deformXml(xml, effect.what) : { status: 200, body: xml };
      send(response, { status, headers: headers(requestId), body: answer }, effect);
    } catch (error) {
      send(response, toAnswer(error, requestId));
    }
  }

  /** Who asks for what; the signature is checked before anything of the request is believed. */
  #admit(request: IncomingMessage, body: Buffer): { principal: Principal; form: Form } {
    const { headers: sent, method = '', url = '' } = request;
    const { principal } = authenticate({ method, url, headers: sent, body }, this.#world.principals, {
      service: 'sts',
      region: this.region,
      nowMs: this.#world.faults.nowMs({ region: this.region }),
    });
    if (method !== 'POST' || sent['content-type'] !== CONTENT_TYPE) {
      throw new AwsError('UnknownOperationException');
    }
    return { principal, form: parseForm(body.toString('utf8')) };
  }

  #run(call: {
    principal: Principal;
    form: Form;
    fault: AwsError | null;
    request: IncomingMessage;
    requestId: string;
  }): Session {
    const { principal, form, fault, request, requestId } = call;
    const { principals, trail, onChange } = this.#world;
    const nowMs = this.#world.nowMs();
    let error: AwsError | null = null;
    try {
      if (fault) throw fault;
      return assumeRole(principals, principal, form, nowMs);
    } catch (caught) {
      error = caught instanceof AwsError ? caught : new AwsError('InternalFailure', String(caught));
      throw error;
    } finally {
      trail.recordAssumption({
        principal,
        region: this.region,
        nowMs,
        fields: { ...form },
        error,
        requestId,
        sourceIPAddress: request.socket.remoteAddress ?? 'unknown',
        userAgent: request.headers['user-agent'] ?? '',
      });
      onChange();
    }
  }
}

function tooLarge(): AwsError {
  return new AwsError('RequestEntityTooLargeException');
}

function toAnswer(error: unknown, requestId: string): Answer {
  const known = error instanceof AwsError ? error : new AwsError('InternalFailure', String(error));
  const { status, body } = errorXml(known, requestId);
  return { status, headers: headers(requestId), body };
}

function headers(requestId: string): Record<string, string> {
  return { 'x-amzn-requestid': requestId, 'content-type': 'text/xml' };
}
