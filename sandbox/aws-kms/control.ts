import { NoSuchThing, type ControlCall } from '../emulation/control-server.ts';
import type { AwsKms, CreateKeyOptions } from './emulator.ts';
import { AwsError } from './errors.ts';
import type { Fault } from './faults.ts';
import type { Key, KeyStore } from './key-store.ts';
import type { PrincipalSpec } from './principals.ts';

type Kms = Omit<AwsKms, 'controlUrl'>;

/**
 * The routes of the control API.
 *
 * - `GET /events?eventName=&key=&account=&errorCode=`: the log as an array
 * - `GET /keys`: every key with its state
 * - `POST /keys/ID-OR-ARN/ACTION[?region=]`, ACTION one of enable, disable, schedule-deletion, cancel-deletion,
 *   rotate, policy (the body is the new policy). An id without region means the key in every region.
 * - `POST /keys` (the body: account, region, multiRegion, policy) answers `{ arn }`
 * - `POST /keys/ARN/replicate?region=` (the body: the replica's policy, or nothing) answers `{ arn }`
 * - `POST /principals` (the body: account, kind, name, identityPolicy, trustPolicy) answers an access key
 * - `POST /roles/ARN/trust-policy` (the body is the policy): who may assume the role from now on
 * - `DELETE /principals/ACCESS-KEY-ID`: of a role that can be assumed, the role with its sessions
 * - `POST /faults` (the body is a fault), `DELETE /faults`
 */
export function controlOf(kms: Kms, keys: KeyStore): (call: ControlCall) => unknown {
  return (call) => {
    try {
      return handle(kms, keys, call);
    } catch (error) {
      if (error instanceof AwsError && error.type === 'NotFoundException')
        throw new NoSuchThing(error.message);
      throw error;
    }
  };
}

function handle(kms: Kms, keys: KeyStore, { route, query, text }: ControlCall): unknown {
  if (route === 'GET /events') return kms.events(Object.fromEntries(query));
  if (route === 'GET /keys') {
    return keys.all().map(({ arn, region, account, state }) => ({ arn, region, account, state }));
  }
  if (route === 'DELETE /faults') {
    kms.faults.clear();
    return;
  }
  if (route === 'POST /faults') return void kms.faults.add(JSON.parse(text) as Fault);
  if (route === 'POST /keys') return { arn: kms.createKey(JSON.parse(text) as CreateKeyOptions) };
  if (route === 'POST /principals') return kms.createPrincipal(JSON.parse(text) as PrincipalSpec);
  const removed = /^DELETE \/principals\/([A-Z0-9]+)$/.exec(route)?.[1];
  if (removed !== undefined) {
    kms.removePrincipal(removed);
    return;
  }
  const trusting = /^POST \/roles\/(.+)\/trust-policy$/.exec(route)?.[1];
  if (trusting !== undefined) {
    kms.putTrustPolicy(decodeURIComponent(trusting), JSON.parse(text) as object);
    return;
  }
  const action = /^POST \/keys\/(.+)\/([a-z-]+)$/.exec(route);
  if (!action) throw new NoSuchThing(`no such route: ${route}`);
  const [, path = '', verb = ''] = action;
  const id = decodeURIComponent(path);
  const region = query.get('region');
  if (verb !== 'replicate') return change(kms, keysNamed(keys, id, region), verb, text);
  const policy = text === '' ? undefined : (JSON.parse(text) as object);
  return { arn: kms.replicateKey(id, region ?? '', policy) };
}

function keysNamed(keys: KeyStore, idOrArn: string, region: string | null): Key[] {
  const named = keys
    .all()
    .filter(
      (key) => key.arn === idOrArn || (key.keyId === idOrArn && (region === null || key.region === region)),
    );
  if (named.length === 0) throw new NoSuchThing(`no such key: ${idOrArn}`);
  return named;
}

function change(kms: Kms, keys: readonly Key[], verb: string, text: string): object[] {
  const actions: Record<string, (arn: string) => void> = {
    enable: (arn) => kms.enableKey(arn),
    disable: (arn) => kms.disableKey(arn),
    'schedule-deletion': (arn) => kms.scheduleKeyDeletion(arn),
    'cancel-deletion': (arn) => kms.cancelKeyDeletion(arn),
    rotate: (arn) => kms.rotateKey(arn),
    policy: (arn) => kms.putKeyPolicy(arn, JSON.parse(text) as object),
  };
  const action = Object.hasOwn(actions, verb) ? actions[verb] : undefined;
  if (!action) throw new NoSuchThing(`no such action: ${verb}`);
  return keys.map((key) => {
    action(key.arn);
    return { arn: key.arn, state: key.state };
  });
}
