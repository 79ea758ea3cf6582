// A gRPC server that sends back what it gets: the contract and the serialisers of the sidecar, and nothing else.
// Its handler is how one writes it: it reads and writes gRPC's stream object, and stops reading while that is full.
import grpc from '@grpc/grpc-js';
import { loadSidecar, sidecarPackage } from '../proto/load.ts';
import { withStreamCodec } from '../proto/stream-codec.ts';
import type { DecryptRequest__Output } from '../proto/types/cmk/v1/DecryptRequest.ts';
import type { EncryptResponse } from '../proto/types/cmk/v1/EncryptResponse.ts';
import type { SidecarHandlers } from '../proto/types/cmk/v1/Sidecar.ts';

function echo(call: grpc.ServerDuplexStream<DecryptRequest__Output, EncryptResponse>): void {
  call.on('data', ({ data }: DecryptRequest__Output) => {
    const answer = data ? { data } : { started: { dataKeyId: 'none' } };
    if (call.write(answer)) return;
    call.pause();
    call.once('drain', () => call.resume());
  });
  call.on('end', () => call.end());
}

const [address = ''] = process.argv.slice(2);
const handlers: Omit<SidecarHandlers, 'DescribeAsset'> = { Encrypt: echo, Decrypt: echo };
const server = new grpc.Server();
server.addService(loadSidecar(withStreamCodec(sidecarPackage())).Sidecar.service, handlers);
server.bindAsync(address, grpc.ServerCredentials.createInsecure(), (error) => {
  if (error) throw error;
});
