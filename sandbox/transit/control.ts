import { NoSuchThing, type ControlCall } from '../emulation/control-server.ts';
import type { Role } from './auth.ts';
import type { NewKey, Transit } from './emulator.ts';
import { VaultError } from './errors.ts';
import type { Fault } from './faults.ts';
import type { TransitKeys } from './keys.ts';

type Console = Omit<Transit, 'controlUrl'>;

/**
 * The routes of the control API.
 *
 * - `GET /events?path=&operation=&error=`: the audit log as an array
 * - `GET /keys`: every key with its state
 * - `POST /keys/NAME[?mount=]` (the body: type, derived) answers `{ url }`
 * - `POST /keys/NAME/ACTION[?mount=]`, ACTION one of disable, enable (OpenBao's soft deletion and its restoring), rotate,
 *   allow-deletion, delete, min-decryption-version (the body is the number)
 * - `POST /mounts/MOUNT/ACTION`, ACTION one of disable, enable
 * - `PUT /policies/NAME` (the body is HCL), `DELETE /policies/NAME`
 * - `PUT /roles/MOUNT/NAME` (the body: subject, audience, policies, ttlSeconds)
 * - `POST /jwt` (the body: sub, aud, lifeSeconds) answers `{ jwt }`; `POST /tokens` (the body: a list of policies)
 *   answers `{ token }`; `DELETE /tokens` revokes all
 * - `POST /seal`, `POST /unseal`
 * - `POST /faults` (the body is a fault), `DELETE /faults`
 */
export function controlOf(
  transit: Console,
  mounts: ReadonlyMap<string, TransitKeys>,
): (call: ControlCall) => unknown {
  return (call) => {
    try {
      return handle(transit, mounts, call);
    } catch (error) {
      if (error instanceof VaultError && error.message.includes('not found'))
        throw new NoSuchThing(error.message);
      throw error;
    }
  };
}

function handle(
  transit: Console,
  mounts: ReadonlyMap<string, TransitKeys>,
  { route, query, text }: ControlCall,
): unknown {
  const [method = '', path = ''] = route.split(' ');
  const [, collection = '', ...rest] = path.split('/').map(decodeURIComponent);
  const [first = '', second = ''] = rest;
  const routes: Readonly<Record<string, () => unknown>> = {
    'GET events/0': () => transit.events(Object.fromEntries(query)),
    'GET keys/0': () => list(mounts),
    'POST keys/1': () => ({ url: transit.createKey(first, newKey(query, text)) }),
    'POST keys/2': () => act(transit, transit.keyUrl(query.get('mount') ?? 'transit', first), second, text),
    'POST mounts/2': () => turnMount(transit, first, second),
    'PUT policies/1': () => transit.putPolicy(first, text),
    'DELETE policies/1': () => transit.removePolicy(first),
    'PUT roles/2': () => transit.putRole(first, second, JSON.parse(text) as Role),
    'POST jwt/0': () => ({ jwt: transit.issueJwt(JSON.parse(text) as { sub: string }) }),
    'POST tokens/0': () => ({ token: transit.createToken(JSON.parse(text) as string[]) }),
    'DELETE tokens/0': () => transit.revokeTokens(),
    'POST seal/0': () => transit.seal(),
    'POST unseal/0': () => transit.unseal(),
    'POST faults/0': () => void transit.faults.add(JSON.parse(text) as Fault),
    'DELETE faults/0': () => transit.faults.clear(),
  };
  const name = `${method} ${collection}/${rest.length}`;
  const run = Object.hasOwn(routes, name) ? routes[name] : undefined;
  if (!run) throw new NoSuchThing(`no such route: ${route}`);
  return run();
}

function act(transit: Console, url: string, verb: string, text: string): void {
  const actions: Readonly<Record<string, () => void>> = {
    disable: () => transit.softDeleteKey(url),
    enable: () => transit.restoreKey(url),
    rotate: () => transit.rotateKey(url),
    'allow-deletion': () => transit.allowDeletion(url, true),
    delete: () => transit.deleteKey(url),
    'min-decryption-version': () => transit.setMinDecryptionVersion(url, Number(text)),
  };
  const action = Object.hasOwn(actions, verb) ? actions[verb] : undefined;
  if (!action) throw new NoSuchThing(`no such action: ${verb}`);
  action();
}

function turnMount(transit: Console, mount: string, verb: string): void {
  if (verb === 'disable') transit.disableMount(mount);
  else if (verb === 'enable') transit.enableMount(mount);
  else throw new NoSuchThing(`no such action: ${verb}`);
}

function list(mounts: ReadonlyMap<string, TransitKeys>): object[] {
  return [...mounts].flatMap(([mount, keys]) =>
    keys.all().map(({ name, type, materials, softDeleted, minDecryptionVersion }) => ({
      mount,
      name,
      type,
      latestVersion: materials.length,
      minDecryptionVersion,
      softDeleted,
    })),
  );
}

function newKey(query: URLSearchParams, text: string): NewKey {
  const mount = query.get('mount');
  return { ...(text === '' ? {} : (JSON.parse(text) as NewKey)), ...(mount === null ? {} : { mount }) };
}
