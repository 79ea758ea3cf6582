import test, { type ExecutionContext } from 'ava';
import type { MutatingWebhookConfiguration } from 'kubernetes-types/admissionregistration/v1.js';
import type { Pod } from 'kubernetes-types/core/v1.js';
import { createTestCa, type TestCa } from '../../sandbox/ca.ts';
import { pod } from '../deploy/injector/pods.ts';
import { eventually } from '../support/eventually.ts';
import { INJECTOR_LEAF, injectorWorld } from '../support/injector-world.ts';
import { startKubeApi, type KubeAnswer, type KubeApi } from '../support/kube-apiserver.ts';
import { ofKind, rendered } from '../support/manifests.ts';

const WEBHOOKS = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations';

/** Production's webhook, but for where it is: a URL, because nothing here resolves services. */
function webhookAt(port: number, ca: TestCa): object {
  const production = rendered('production');
  const [configuration] = ofKind<MutatingWebhookConfiguration>(production, 'MutatingWebhookConfiguration');
  const clientConfig = {
    url: `https://localhost:${port}/mutate`,
    caBundle: Buffer.from(ca.caPem).toString('base64'),
  };
  return { ...configuration, webhooks: configuration?.webhooks?.map((each) => ({ ...each, clientConfig })) };
}

async function setUp(t: ExecutionContext) {
  const api = await startKubeApi(t);
  // What this version of Kubernetes knows.
  const injector = await injectorWorld(t, { env: { CMK_SIDECAR_MODE: 'legacy' } });
  for (const [name, labels] of [
    ['recorder', { 'cmk.zoom.us/injection': 'enabled' }],
    ['others', {}],
  ])
    t.is((await api.send('POST', '/api/v1/namespaces', { metadata: { name, labels } })).status, 201);
  t.is((await api.send('POST', WEBHOOKS, webhookAt(injector.port, injector.ca))).status, 201);
  return { api, injector };
}

const create = (api: KubeApi, object: Pod, query = '', namespace = 'recorder') =>
  api.send('POST', `/api/v1/namespaces/${namespace}/pods${query}`, object);
const namesIn = ({ body }: KubeAnswer) => (body as Pod).spec?.containers.map(({ name }) => name);
const messageOf = ({ body }: KubeAnswer) => (body as { message?: string }).message ?? '';

test.serial(
  'an API server gives pods their sidecar by the webhook, and refuses them while it is down',
  async (t) => {
    const { api, injector } = await setUp(t);
    // The API server hears of a webhook a moment after it was stored.
    await eventually(
      async () => namesIn(await create(api, pod(), '?dryRun=All'))?.[0] === 'cmk-sidecar',
      30_000,
    );

    const created = await create(api, pod());
    t.is(created.status, 201);
    t.deepEqual(namesIn(created), ['cmk-sidecar', 'recorder']);
    const { metadata, spec } = created.body as Pod;
    t.deepEqual(spec?.containers[1]?.env, [{ name: 'CMK_SIDECAR', value: 'unix:/run/cmk/sidecar.sock' }]);
    t.is(metadata?.labels?.['cmk.zoom.us/service'], '0001');
    const stored = await api.send('GET', `/api/v1/namespaces/recorder/pods/${metadata?.name}`);
    t.deepEqual(namesIn(stored), ['cmk-sidecar', 'recorder']);

    const refused = await create(api, pod({}, { service: 'recorder' }));
    t.is(refused.status, 422);
    t.regex(messageOf(refused), /no sidecar can be injected: annotation cmk\.zoom\.us\/service: expected/);
    t.deepEqual(namesIn(await create(api, pod({}, { inject: null }))), ['recorder']);
    t.deepEqual(namesIn(await create(api, pod(), '', 'others')), ['recorder']);

    await injector.close();
    const down = await create(api, pod());
    t.is(down.status, 500);
    t.regex(messageOf(down), /failed calling webhook "injector\.cmk\.zoom\.us"/);
    t.is((await create(api, pod(), '', 'others')).status, 201);
  },
);

test.serial('a rotated serving certificate, of another authority too, is picked up', async (t) => {
  const { api, injector } = await setUp(t);
  await eventually(async () => (await create(api, pod(), '?dryRun=All')).status === 201, 30_000);
  const next = await createTestCa('another CA');
  const name = 'cmk-injector';
  const current = (await api.send('GET', `${WEBHOOKS}/${name}`)).body as MutatingWebhookConfiguration;
  const renewed = { ...webhookAt(injector.port, next), metadata: current.metadata };
  t.is((await api.send('PUT', `${WEBHOOKS}/${name}`, renewed)).status, 200);
  const isRefused = async () => messageOf(await create(api, pod(), '?dryRun=All')).includes('x509');
  await eventually(isRefused, 30_000);
  await next.writeIdentity(injector.dir, INJECTOR_LEAF);
  // The injector looks at its files each 10 s.
  await eventually(async () => namesIn(await create(api, pod()))?.[0] === 'cmk-sidecar', 40_000);
  t.false(await isRefused());
});
