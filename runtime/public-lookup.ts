import { lookup, type LookupAddress } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/**
 * Addresses that no customer's KMS has on the public internet: the broker's own machine and networks, metadata
 * services, and what IANA's registries of special addresses set apart.
 */
const NOT_PUBLIC: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  // Alibaba's metadata service is among these.
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  // Azure's own services, as its virtual machines see them.
  ['168.63.129.16', 32],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  // Documentation.
  ['192.0.2.0', 24],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  // Relays to 6to4.
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
  // All but 2000::/3: loopback, IPv4 in IPv6, NAT64, discard, local, link-local, multicast, what is not assigned.
  ['::', 3],
  ['4000::', 2],
  ['8000::', 1],
  // Teredo, benchmarks, ORCHID and other protocols.
  ['2001::', 23],
  // Documentation.
  ['2001:db8::', 32],
  ['3fff::', 20],
  // 6to4, which holds an IPv4 address.
  ['2002::', 16],
];

// One for each family: a list takes an IPv4 address for the IPv6 address that it is mapped to.
const notPublic = { ipv4: new BlockList(), ipv6: new BlockList() };
for (const [address, bits] of NOT_PUBLIC) {
  notPublic[familyOf(address)].addSubnet(address, bits, familyOf(address));
}

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
  return !notPublic[familyOf(address)].check(address, familyOf(address));
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
