import { NoSuchThing, type ControlCall } from '../emulation/control-server.ts';
import type { CreateKeyOptions, CreateVaultOptions, OciKms } from './emulator.ts';
import { OciError } from './errors.ts';
import type { Fault } from './faults.ts';
import type { Group, PrincipalSpec } from './identities.ts';
import type { Policy } from './policies.ts';

type Kms = Omit<OciKms, 'controlUrl'>;

/**
 * The routes of the control API.
 *
 * - `GET /events?eventName=&key=&tenancy=&status=`: the logs as an array
 * - `GET /keys`: every key with its state
 * - `POST /keys/OCID/ACTION`, ACTION one of enable, disable, schedule-deletion, cancel-deletion, rotate
 * - `POST /tenancies`, `POST /groups` (tenancy, kind, name), `POST /vaults` (tenancy, region, compartment),
 *   `POST /keys` (vault, displayName, shape) answer `{ ocid }`
 * - `POST /principals` (tenancy, kind, name, groups) answers what it signs with
 * - `POST /policies` (tenancy, name, statements) puts a policy; `DELETE /policies?tenancy=&name=`
 * - `POST /faults` (the body is a fault), `DELETE /faults`
 */
export function controlOf(kms: Kms): (call: ControlCall) => unknown {
  return (call) => {
    try {
      return handle(kms, call);
    } catch (error) {
      if (error instanceof OciError && error.status === 404) throw new NoSuchThing(error.message);
      throw error;
    }
  };
}

function handle(kms: Kms, { route, query, text }: ControlCall): unknown {
  const body = () => JSON.parse(text) as unknown;
  const routes: Record<string, () => unknown> = {
    'GET /events': () => kms.events(Object.fromEntries(query)),
    'GET /keys': () => kms.keys(),
    'POST /tenancies': () => ({ ocid: kms.createTenancy() }),
    'POST /groups': () => ({ ocid: kms.createGroup(body() as Group) }),
    'POST /vaults': () => ({ ocid: kms.createVault(body() as CreateVaultOptions) }),
    'POST /keys': () => ({ ocid: kms.createKey(body() as CreateKeyOptions) }),
    'POST /principals': () => kms.createPrincipal(body() as PrincipalSpec),
    'POST /policies': () => kms.putPolicy(body() as Policy),
    'DELETE /policies': () => kms.removePolicy(query.get('tenancy') ?? '', query.get('name') ?? ''),
    'POST /faults': () => void kms.faults.add(body() as Fault),
    'DELETE /faults': () => kms.faults.clear(),
  };
  const known = Object.hasOwn(routes, route) ? routes[route] : undefined;
  if (known) return known();
  const [, ocid = '', verb = ''] = /^POST \/keys\/([a-z0-9.-]+)\/([a-z-]+)$/.exec(route) ?? [];
  if (ocid === '') throw new NoSuchThing(`no such route: ${route}`);
  return change(kms, ocid, verb);
}

function change(kms: Kms, ocid: string, verb: string): object | undefined {
  const actions: Record<string, (ocid: string) => void> = {
    enable: (key) => kms.enableKey(key),
    disable: (key) => kms.disableKey(key),
    'schedule-deletion': (key) => kms.scheduleKeyDeletion(key),
    'cancel-deletion': (key) => kms.cancelKeyDeletion(key),
    rotate: (key) => kms.rotateKey(key),
  };
  const action = Object.hasOwn(actions, verb) ? actions[verb] : undefined;
  if (!action) throw new NoSuchThing(`no such action: ${verb}`);
  action(ocid);
  return kms.keys().find((key) => key.ocid === ocid);
}
