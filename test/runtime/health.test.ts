import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import grpc from '@grpc/grpc-js';
import test, { type ExecutionContext } from 'ava';
import { service } from 'grpc-health-check';
import { Health } from '../../runtime/health.ts';
import { eventually } from '../support/eventually.ts';

interface Answer {
  readonly status: string;
}

class HealthClient extends grpc.Client {
  watch(name: string): grpc.ClientReadableStream<Answer> {
    const { path, requestSerialize, responseDeserialize } = method('Watch');
    return this.makeServerStreamRequest(path, requestSerialize, responseDeserialize, { service: name });
  }

  ask<Response>(name: 'Check' | 'List', request: object): Promise<Response> {
    const { path, requestSerialize, responseDeserialize } = method(name);
    return new Promise((resolve, reject) => {
      this.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, (error, answer) => {
        if (error) reject(error);
        else resolve(answer as Response);
      });
    });
  }
}

function method(name: string): grpc.MethodDefinition<object, never> {
  return service[name] as unknown as grpc.MethodDefinition<object, never>;
}

async function start(t: ExecutionContext): Promise<{ health: Health; client: HealthClient }> {
  const health = new Health(['cmk.v1.Test']);
  const server = new grpc.Server();
  health.addTo(server);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) => {
      if (error) reject(error);
      else resolve(bound);
    });
  });
  const client = new HealthClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  t.teardown(() => {
    client.close();
    server.forceShutdown();
  });
  return { health, client };
}

test('tells of each service, and of the process as a whole', async (t) => {
  const { health, client } = await start(t);
  for (const name of ['', 'cmk.v1.Test']) {
    t.deepEqual(await client.ask('Check', { service: name }), { status: 'SERVING' });
  }
  await t.throwsAsync(client.ask('Check', { service: 'other' }), { code: grpc.status.NOT_FOUND });
  const statuses = { '': { status: 'SERVING' }, 'cmk.v1.Test': { status: 'SERVING' } };
  t.deepEqual(await client.ask('List', {}), { statuses });
  health.stop();
  t.deepEqual(await client.ask('Check', { service: '' }), { status: 'NOT_SERVING' });
});

test('whoever watches is told of the end', async (t) => {
  const { health, client } = await start(t);
  const heard: string[] = [];
  const watch = client.watch('cmk.v1.Test');
  watch.on('data', ({ status }: Answer) => heard.push(status)).on('error', () => undefined);
  await eventually(() => heard.length === 1);
  health.stop();
  await eventually(() => heard.length === 2);
  t.deepEqual(heard, ['SERVING', 'NOT_SERVING']);
  watch.cancel();
});

test('keeps nothing of a watch that has ended, whatever name it asked for', async (t) => {
  const { health, client } = await start(t);
  const bytesBefore = retainedBytes();
  for (let count = 0; count < 300; count++) {
    const watch = client.watch(`${count}`.padStart(100_000, 'x'));
    const ended = new Promise((resolve) => watch.on('error', resolve));
    const [{ status }] = (await once(watch, 'data')) as [Answer];
    t.is(status, 'SERVICE_UNKNOWN');
    watch.cancel();
    await ended;
  }
  await eventually(() => health.watching === 0);
  t.true(retainedBytes() - bytesBefore < 10_000_000);
});

function retainedBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}
