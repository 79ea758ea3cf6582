import { NoSuchThing, type ControlCall } from '../emulation/control-server.ts';
import type { AzureKms } from './emulator.ts';
import type { ApplicationSpec } from './entra.ts';
import { AzureError } from './errors.ts';
import type { Fault } from './faults.ts';
import type { KeySpec, Role, Vault, VaultSpec } from './vault-store.ts';

type Kms = Omit<AzureKms, 'controlUrl'>;

/**
 * The routes of the control API.
 *
 * - `GET /events?operationName=&vault=&key=&resultType=`: the log as an array
 * - `GET /keys`: every key with its state
 * - `POST /applications` (the body: tenantId, clientSecret) answers tenantId, clientId, clientSecret
 * - `POST /consents`, `DELETE /consents` (the body: clientId, tenantId); the first answers `{ oid }`
 * - `POST /vaults` (the body: name, tenantId, kind, purgeProtection …) answers `{ host }`
 * - `POST /networks` (the body: vault, network), `POST /roles` (vault, oid, role, key), `DELETE /roles` (vault, oid)
 * - `POST /keys` (the body: vault, name, type, bits) answers `{ id }`
 * - `POST /keys/ID/ACTION`, ACTION one of enable, disable, expire, rotate, delete, recover, purge
 * - `POST /faults` (the body is a fault), `DELETE /faults`; `/entra-faults` likewise
 */
export function controlOf(kms: Kms): (call: ControlCall) => unknown {
  return (call) => {
    try {
      return handle(kms, call);
    } catch (error) {
      const missing = error instanceof AzureError && error.status === 404;
      throw missing ? new NoSuchThing(error.message) : error;
    }
  };
}

function handle(kms: Kms, { route, query, text }: ControlCall): unknown {
  const body = () => JSON.parse(text) as unknown;
  const routes: Record<string, () => unknown> = {
    'GET /events': () => kms.events(Object.fromEntries(query)),
    'GET /keys': () => kms.keys(),
    'POST /applications': () => kms.registerApplication(body() as ApplicationSpec),
    'POST /consents': () => {
      const { clientId, tenantId } = body() as { clientId: string; tenantId: string };
      return { oid: kms.consent(clientId, tenantId) };
    },
    'DELETE /consents': () => {
      const { clientId, tenantId } = body() as { clientId: string; tenantId: string };
      kms.withdrawConsent(clientId, tenantId);
    },
    'POST /vaults': () => ({ host: kms.createVault(body() as VaultSpec) }),
    'POST /networks': () => {
      const { vault, network } = body() as { vault: string; network: Vault['network'] };
      kms.setNetwork(vault, network);
    },
    'POST /roles': () => {
      const { vault, oid, role, key } = body() as { vault: string; oid: string; role?: Role; key?: string };
      kms.assignRole(vault, oid, role, key);
    },
    'DELETE /roles': () => {
      const { vault, oid } = body() as { vault: string; oid: string };
      kms.removeRoles(vault, oid);
    },
    'POST /keys': () => ({ id: kms.createKey(body() as KeySpec) }),
    'POST /faults': () => {
      kms.faults.add(body() as Fault);
    },
    'DELETE /faults': () => {
      kms.faults.clear();
    },
    'POST /entra-faults': () => {
      kms.entraFaults.add(body() as Fault);
    },
    'DELETE /entra-faults': () => {
      kms.entraFaults.clear();
    },
  };
  const action = Object.hasOwn(routes, route) ? routes[route] : undefined;
  if (action) return action();
  const [, id, verb = ''] = /^POST \/keys\/(.+)\/([a-z-]+)$/.exec(route) ?? [];
  if (id === undefined) throw new NoSuchThing(`no such route: ${route}`);
  return change(kms, decodeURIComponent(id), verb);
}

function change(kms: Kms, id: string, verb: string): unknown {
  const actions: Record<string, () => unknown> = {
    enable: () => {
      kms.updateKey(id, { enabled: true, expiresAtMs: null, notBeforeMs: null });
    },
    disable: () => {
      kms.updateKey(id, { enabled: false });
    },
    expire: () => {
      kms.updateKey(id, { expiresAtMs: 0 });
    },
    rotate: () => ({ id: kms.rotateKey(id) }),
    delete: () => {
      kms.deleteKey(id);
    },
    recover: () => {
      kms.recoverKey(id);
    },
    purge: () => {
      kms.purgeKey(id);
    },
  };
  const action = Object.hasOwn(actions, verb) ? actions[verb] : undefined;
  if (!action) throw new NoSuchThing(`no such action: ${verb}`);
  return action();
}
