import grpc from '@grpc/grpc-js';
import { loadBroker } from '../../proto/load.ts';
import type { IssueDataKeyResponse__Output } from '../../proto/types/cmk/v1/IssueDataKeyResponse.ts';
import type { TestCa } from '../../sandbox/ca.ts';
import { OWNER, recording } from './whole-system.ts';

/**
 * A data key in the clear, as the broker gives it to a sidecar.
 * @param spiffeId who asks
 */
export async function plaintextKeyFrom(broker: string, ca: TestCa, spiffeId: string): Promise<Buffer> {
  const { certPem, keyPem } = await ca.issue({ uriSans: [spiffeId] });
  const { KeyBroker } = loadBroker();
  const credentials = grpc.credentials.createSsl(
    Buffer.from(ca.caPem),
    Buffer.from(keyPem),
    Buffer.from(certPem),
    { checkServerIdentity: () => undefined },
  );
  const client = new KeyBroker(broker, credentials);
  try {
    const request = { asset: recording('canary'), owner: OWNER, reason: 'REASON_STORAGE' } as const;
    const answer = await new Promise<IssueDataKeyResponse__Output | undefined>((resolve, reject) => {
      client.issueDataKey(request, (error, response) => (error ? reject(error) : resolve(response)));
    });
    return answer?.grant?.plaintextKey ?? Buffer.alloc(0);
  } finally {
    client.close();
  }
}
