import type { MethodDefinition, PackageDefinition, ServiceDefinition } from '@grpc/proto-loader';

/**
 * Serialisers for the four messages of the sidecar's streams. Nearly every one of them carries nothing but
 * `bytes data = 2`, which needs no general decoder and no copy; whatever else a message holds is left to
 * protobufjs, so that every valid encoding is understood.
 */

type AnyMethod = MethodDefinition<object, object>;

/** A message with `data` that {@link encodeInPlace} completed: its wire form, ready to send. */
export class EncodedData {
  readonly wire: Buffer;
  /** Whether gRPC has taken the wire form. It copies what it takes: the memory is the owner's again. */
  taken = false;

  constructor(wire: Buffer) {
    this.wire = wire;
  }
}

/** What comes out of the deserialisers for a message with `data`. Shares memory with the received message. */
export interface DataMessage {
  readonly data: Buffer;
  readonly part: 'data';
}

/** Bytes to keep free in front of data that {@link encodeInPlace} completes: the tag and the longest length. */
export const DATA_HEADROOM = 6;

const DATA_TAG = (2 << 3) | 2;
const MAX_LENGTH_BYTES = 4;

/**
 * Completes a message whose data stands in `buffer` already, with at least {@link DATA_HEADROOM} bytes free
 * before it. Copies nothing.
 */
export function encodeInPlace(buffer: Buffer, start: number, end: number): EncodedData {
  const length = end - start;
  const first = start - 1 - lengthBytes(length);
  writePrefix(buffer, first, length);
  return new EncodedData(buffer.subarray(first, end));
}

/** The same contract with these serialisers in the methods of `cmk.v1.Sidecar` that stream. */
export function withStreamCodec(definition: PackageDefinition): PackageDefinition {
  const service = definition['cmk.v1.Sidecar'] as ServiceDefinition;
  const methods = Object.entries(service).map(([name, method]): [string, AnyMethod] => [
    name,
    method.requestStream && method.responseStream ? withFastData(method) : method,
  ]);
  return { ...definition, 'cmk.v1.Sidecar': Object.fromEntries(methods) };
}

function withFastData(method: AnyMethod): AnyMethod {
  return {
    ...method,
    requestSerialize: serializer(method.requestSerialize),
    requestDeserialize: deserializer(method.requestDeserialize),
    responseSerialize: serializer(method.responseSerialize),
    responseDeserialize: deserializer(method.responseDeserialize),
  };
}

function serializer(general: (message: object) => Buffer): (message: object) => Buffer {
  return (message) => {
    if (message instanceof EncodedData) {
      message.taken = true;
      return message.wire;
    }
    const data = soleData(message);
    if (!data) return general(message);
    const prefixBytes = 1 + lengthBytes(data.length);
    const wire = Buffer.allocUnsafe(prefixBytes + data.length);
    writePrefix(wire, 0, data.length);
    wire.set(data, prefixBytes);
    return wire;
  };
}

/** The data of a message that sets nothing else; null when protobufjs has to decide. */
function soleData(message: object): Uint8Array | null {
  for (const [field, value] of Object.entries(message)) {
    if (field !== 'data' && field !== 'part' && value != null) return null;
  }
  return 'data' in message && message.data instanceof Uint8Array ? message.data : null;
}

function deserializer(general: (wire: Buffer) => object): (wire: Buffer) => object {
  return (wire) => {
    const start = startOfSoleData(wire);
    return start === null
      ? general(wire)
      : ({ data: wire.subarray(start), part: 'data' } satisfies DataMessage);
  };
}

/** Where the data begins if it is all that the message holds, to its very end; otherwise null. */
function startOfSoleData(wire: Buffer): number | null {
  if (wire[0] !== DATA_TAG) return null;
  let length = 0;
  for (let position = 1; position <= MAX_LENGTH_BYTES; position++) {
    const byte = wire[position];
    if (byte === undefined) return null;
    length |= (byte & 0x7f) << (7 * (position - 1));
    if (byte < 0x80) return position + 1 + length === wire.length ? position + 1 : null;
  }
  return null;
}

function lengthBytes(length: number): number {
  return length < 0x80 ? 1 : length < 0x4000 ? 2 : length < 0x20_0000 ? 3 : length < 0x1000_0000 ? 4 : 5;
}

function writePrefix(buffer: Buffer, start: number, length: number): void {
  buffer[start] = DATA_TAG;
  let position = start + 1;
  let rest = length;
  for (; rest >= 0x80; rest >>>= 7) buffer[position++] = (rest & 0x7f) | 0x80;
  buffer[position] = rest;
}
