import { createReadStream, createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { CmkClient, CmkError } from '../../client/index.ts';

const client = new CmkClient(); // CMK_SIDECAR, else unix:/run/cmk/sidecar.sock
const asset = { account: 'acme', srvId: '0001', type: 'MeetingWebinarRecording', id: 'm-42' };

try {
  // Any stream or iterable of bytes goes in; a Node stream comes out.
  const sealed = client.encrypt(createReadStream('talk.mp4'), { asset, owner: 'u-7' });
  const { dataKeyId, protection, keyInUse } = await sealed.started;
  console.log(`sealing under ${keyInUse} (${protection}), data key ${dataKeyId}`);
  await pipeline(sealed, createWriteStream('talk.mp4.cmk'));

  // The signal bounds the whole of it; without one, only a stream that stands still is given up.
  const signal = AbortSignal.timeout(60_000);
  const opened = client.decrypt(createReadStream('talk.mp4.cmk'), { asset, reason: 'USER_ACCESS', signal });
  await pipeline(opened, createWriteStream('talk-again.mp4'));
} catch (error) {
  // What a failed stream wrote is incomplete. encryptFile and decryptFile do this, and more, for files.
  await rm('talk-again.mp4', { force: true });
  if (!(error instanceof CmkError)) throw error;
  console.error(
    `${error.code}: ${error.message}; ${error.retryable ? 'try again' : 'retrying does not help'}`,
  );
  process.exitCode = 1;
} finally {
  client.close();
}
