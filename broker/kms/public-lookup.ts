import { lookup, type LookupAddress } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** Addresses that no customer's KMS has on the public internet: the broker's own machine and networks, metadata services. */
const NOT_PUBLIC: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
  ['::', 127],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
];

const notPublic = new BlockList();
for (const [address, bits] of NOT_PUBLIC) notPublic.addSubnet(address, bits, familyOf(address));

/** A name that leads to an address which is neither public nor allowed. */
export class PrivateAddressError extends Error {
  override readonly name = 'PrivateAddressError';
  readonly code = 'PRIVATE_ADDRESS';
}

/**
 * For `lookup` of sockets and agents: resolves names as usual, and refuses a name of which any address is not public,
 * so that nobody's DNS can point the broker at its own surroundings. An address in place of a name is not looked up.
 * @param allowed exceptions that the configuration names
 */
export function publicLookup(
  allowed: BlockList = new BlockList(),
  resolve: typeof lookup = lookup,
): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) {
        callback(error, []);
        return;
      }
      const refused = addresses.find(
        ({ address }) => !isPublic(address) && !allowed.check(address, familyOf(address)),
      );
      if (refused)
        callback(new PrivateAddressError(`${hostname} resolves to an address that is not public`), []);
      else answer(addresses, options.all === true, callback);
    });
  };
}

export function isPublic(address: string): boolean {
  return !notPublic.check(address, familyOf(address));
}

/** @returns undefined for anything but networks as ADDRESS/BITS between commas */
export function parseNetworks(text: string): BlockList | undefined {
  const networks = new BlockList();
  for (const item of text.split(',')) {
    const [address = '', bits = '', ...rest] = item.trim().split('/');
    if (isIP(address) === 0 || !/^\d{1,3}$/.test(bits) || rest.length > 0) return undefined;
    if (Number(bits) > (familyOf(address) === 'ipv6' ? 128 : 32)) return undefined;
    networks.addSubnet(address, Number(bits), familyOf(address));
  }
  return networks;
}

function answer(addresses: LookupAddress[], all: boolean, callback: Parameters<LookupFunction>[2]): void {
  const [first] = addresses;
  if (all || !first) callback(null, addresses);
  else callback(null, first.address, first.family);
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}
