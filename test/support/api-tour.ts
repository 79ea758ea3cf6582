import { ASSET, RECORDER } from './key-world.ts';
import { OPERATOR, type AdminWorld } from './admin-world.ts';
import { urlOf } from './api-operations.ts';

const SIDECAR = '00000000-0000-4000-8000-00000000000a';

/** Names of what an account has, as they stand in paths. */
export type Names = Readonly<Record<string, string>>;

/**
 * Gives an account one of everything that operations are about.
 * @param mark stands in whatever the account says, and in nothing that names something in a path
 */
export async function populate(world: AdminWorld, account = 'acme', mark = 'plain'): Promise<Names> {
  const { ask, kms } = world;
  const at = `/v1/accounts/${account}`;
  const made = async (method: string, path: string, body?: object) => {
    const answer = await ask(OPERATOR, method, `${at}${path}`, { body });
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(answer.body)}`);
    return answer.body as Record<string, { id: string }>;
  };
  await made('PUT', '/groups/hr', { name: `HR ${mark}`, licensed: true, members: ['amy', mark] });
  await made('PUT', `/enrolments/${ASSET.srvId}/${ASSET.type}`);
  await made('PUT', '/contacts', { emails: [`${mark}@${account}.test`] });
  await made('PUT', '/fallback', { mode: 'ANY', maxHours: 24, maxAssets: null });
  await made('PUT', '/on-failure/0001/MeetingWebinarRecording', { wish: 'DROP_SESSION' });
  await made('PUT', `/leases/${ASSET.srvId}/${ASSET.type}`, { seconds: 120 });
  const hook = await made('POST', '/webhooks', { url: `https://hooks.${account}.test/${mark}` });
  const token = await made('POST', '/tokens', { name: `backup-${mark}`, role: 'AUDITOR', expiresInDays: 30 });
  const reference = kms.createKey(`${account}-first-${mark}`);
  const first = await made('POST', '/keys', { provider: 'aws', references: [reference] });
  await world.issue({ account, id: `of-${account}` });
  // A key that fails: an episode of fallback, and alerts of both.
  kms.key(reference).failure = 'KEY_DISABLED';
  await world.issue({ account, id: `of-${account}-without-its-key` });
  kms.key(reference).failure = null;
  const heardAt = Math.trunc(world.clock.wallMs());
  const sidecar = { instance: SIDECAR, spiffeId: RECORDER.spiffeId, heardAt, patienceMs: 60_000 };
  await world.store.noteLease(sidecar, { account, srvId: ASSET.srvId, until: heardAt + 60_000 });
  const spare = await made('POST', '/keys', {
    provider: 'aws',
    references: [kms.createKey(`${account}-spare-${mark}`)],
  });
  const leave = { kind: 'LEAVE', selection: { kekIds: [first['key']?.id] }, target: 'platform' };
  const move = await made('POST', '/moves', leave);
  return {
    account,
    group: 'hr',
    srvId: ASSET.srvId,
    type: ASSET.type,
    key: first['key']?.id ?? '',
    spare: spare['key']?.id ?? '',
    webhook: hook['webhook']?.id ?? '',
    token: token['token']?.id ?? '',
    move: move['move']?.id ?? '',
    reference,
    id: `of-${account}`,
  };
}

export interface Visit {
  readonly operationId: string;
  readonly method: string;
  readonly url: string;
  readonly options?: { readonly body?: unknown };
  /** Default: 200. */
  readonly status: number;
}

const GROUP = { name: 'HR', licensed: true, members: ['amy'] };
const LICENCE = { kind: 'LICENCE', licence: 'GROUPS' };

/** A request to every operation that it can serve, in an order in which it can serve them. */
export function tour(names: Names): Visit[] {
  const at = '/v1/accounts/{account}';
  const key = `${at}/keys/{key}`;
  const spare = `${at}/keys/${names['spare']}`;
  const move = `${at}/moves/{move}`;
  const type = '{srvId}/{type}';
  const candidate = { provider: 'aws', references: ['fake:customer-new'] };
  const plan = { kind: 'LEAVE', selection: { kekIds: [names['key']] }, target: 'platform' };
  const visits: readonly (readonly [id: string, request: string, body?: unknown, status?: number])[] = [
    ['getOpenApi', 'GET /v1/openapi.json'],
    ['listServices', 'GET /v1/services'],
    ['listAccounts', 'GET /v1/accounts'],
    ['getAccount', `GET ${at}`],
    ['putAccount', `PUT ${at}`, { name: 'Acme Inc.', licence: 'ACCOUNT' }],
    ['listGroups', `GET ${at}/groups`],
    ['getGroup', `GET ${at}/groups/{group}`],
    ['putGroup', `PUT ${at}/groups/{group}`, GROUP],
    ['patchGroup', `PATCH ${at}/groups/{group}`, { add: ['zoe'] }],
    ['listEnrolments', `GET ${at}/enrolments`],
    ['endEnrolment', `DELETE ${at}/enrolments/${type}`],
    ['enrolType', `PUT ${at}/enrolments/${type}`],
    ['listAuditEvents', `GET ${at}/audit-events`],
    ['listLedgerRecords', `GET ${at}/ledger`],
    ['getLedgerHead', `GET ${at}/ledger/head`],
    ['exportLedger', `GET ${at}/ledger/export`],
    ['listCommonLedgerRecords', 'GET /v1/ledger'],
    ['getCommonLedgerHead', 'GET /v1/ledger/head'],
    ['exportCommonLedger', 'GET /v1/ledger/export'],
    ['getKeySetUp', `GET ${at}/key-set-up?provider=pkcs11&uri=pkcs11:token=t;object=k`],
    ['getOverview', `GET ${at}/overview`],
    ['listAssets', `GET ${at}/assets`],
    ['getAsset', `GET ${at}/assets/${type}/{id}`],
    ['listAssetHistory', `GET ${at}/assets/${type}/{id}/history`],
    ['listActivity', `GET ${at}/activity`],
    ['getUses', `GET ${at}/uses?bucket=day`],
    ['getKmsBudget', `GET ${at}/kms-budget`],
    ['followChanges', `GET ${at}/events`],
    ['getHealth', 'GET /v1/operator/health'],
    ['listSidecars', 'GET /v1/operator/sidecars'],
    ['listAccountHealth', 'GET /v1/operator/accounts'],
    ['getKeyUses', `GET ${key}/uses`],
    ['listKeys', `GET ${at}/keys`],
    ['getKey', `GET ${key}`],
    ['getBlastRadius', `GET ${key}/blast-radius`],
    ['verifyKey', `POST ${key}/verify`],
    ['tryKey', `POST ${at}/keys/verify`, candidate],
    ['getKeyReferences', `GET ${key}/references`],
    ['setKeyReferences', `PUT ${key}/references`, { references: [names['reference']] }],
    ['previewCoverage', `POST ${at}/coverage/preview`, LICENCE],
    ['applyCoverage', `POST ${at}/coverage/apply`, LICENCE],
    ['startMove', `POST ${at}/moves`, { ...plan, dryRun: true }],
    ['listMoves', `GET ${at}/moves`],
    ['getMove', `GET ${move}`],
    ['pauseMove', `POST ${move}/pause`],
    ['resumeMove', `POST ${move}/resume`],
    ['cancelMove', `POST ${move}/cancel`],
    ['startMove', `POST ${at}/moves`, plan, 201],
    ['revokeKey', `POST ${key}/revoke`],
    ['revokeAnyKey', 'POST /v1/keys/{key}/revoke'],
    ['retireKey', `POST ${spare}/retire`],
    ['restoreKey', `POST ${spare}/restore`],
    ['enrolKey', `POST ${at}/keys`, { ...candidate, references: ['fake:third'] }, 201],
    ['listAlerts', `GET ${at}/alerts`],
    ['sendTestAlert', `POST ${at}/alerts/test`],
    ['getContacts', `GET ${at}/contacts`],
    ['putContacts', `PUT ${at}/contacts`, { emails: ['keys@acme.test'] }],
    ['listWebhooks', `GET ${at}/webhooks`],
    ['addWebhook', `POST ${at}/webhooks`, { url: 'https://hooks.acme.test/more' }, 201],
    ['deleteWebhook', `DELETE ${at}/webhooks/{webhook}`],
    ['getMe', 'GET /v1/me'],
    ['listTokens', `GET ${at}/tokens`],
    ['createToken', `POST ${at}/tokens`, { name: 'more', role: 'AUDITOR', expiresInDays: 30 }, 201],
    ['revokeToken', `DELETE ${at}/tokens/{token}`],
    ['signOut', 'POST /v1/me/sign-out'],
    ['getFallback', `GET ${at}/fallback`],
    ['putFallback', `PUT ${at}/fallback`, { mode: 'OFF', maxHours: null, maxAssets: null }],
    ['listFallbackEpisodes', `GET ${at}/fallback/episodes`],
    ['listLeases', `GET ${at}/leases`],
    ['getLease', `GET ${at}/leases/${type}`],
    ['putLease', `PUT ${at}/leases/${type}`, { seconds: 60 }],
    ['getFailureWishes', `GET ${at}/on-failure`],
    ['putFailureWish', `PUT ${at}/on-failure/${type}`, { wish: 'FAIL_ASSET' }],
  ];
  return visits.map(([operationId, request, body, status = 200]) => {
    const [method = '', path = ''] = request.split(' ');
    const url = urlOf(path, names);
    return { operationId, method, url, status, ...(body !== undefined && { options: { body } }) };
  });
}
