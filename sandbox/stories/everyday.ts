import { randomBytes } from 'node:crypto';
import { createReadStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CmkClient, encryptFile, type Asset, type Reason } from '../../client/index.ts';
import type { SandboxSystem } from '../system.ts';
import { heading, passed } from '../terminal.ts';
import { ACCOUNT, RECORDING } from './enrolment.ts';
import { must } from './must.ts';
import { refusalOf } from './samples.ts';

const SAMPLE_BYTES = 64 * 1024;
/** Its type is not chosen to be under the customer's key. */
const CALL = { srvId: '0002', type: 'PhoneRecording' } as const;

interface Day {
  readonly kind: typeof RECORDING | typeof CALL;
  readonly id: string;
  readonly owner: string;
  /** What it is opened for afterwards. */
  readonly reasons: readonly Reason[];
}

const DAY: readonly Day[] = [
  {
    kind: RECORDING,
    id: 'board-meeting',
    owner: 'maria@acme.example',
    reasons: ['PROCESSING', 'USER_ACCESS'],
  },
  { kind: RECORDING, id: 'all-hands', owner: 'akira@acme.example', reasons: ['INDEXING', 'USER_ACCESS'] },
  { kind: RECORDING, id: 'interview', owner: 'jun@acme.example', reasons: ['LEGAL'] },
  { kind: CALL, id: 'call-with-supplier', owner: 'jun@acme.example', reasons: ['USER_ACCESS'] },
];

/**
 * What services do on an ordinary day, so that whoever signs in to the portal has something to look at: data under the
 * customer's key, data under the provider's, reads for several reasons, and a call that is refused.
 * @throws Error when something does not come out as told
 */
export async function tellEveryday({ dir, sidecars }: SandboxSystem): Promise<void> {
  heading('An ordinary day, for the portal to show');
  const recorder = new CmkClient({ address: sidecars.recorder.address });
  const phone = new CmkClient({ address: sidecars.phone.address });
  const input = join(dir, 'sample-short.bin');
  writeFileSync(input, randomBytes(SAMPLE_BYTES));
  try {
    for (const { kind, id, owner, reasons } of DAY) {
      const asset = { account: ACCOUNT, ...kind, id };
      const service = kind === CALL ? phone : recorder;
      const sealed = join(dir, `${id}.sealed`);
      const { protection } = await encryptFile(service, input, sealed, { asset, owner });
      const expected = kind === CALL ? 'PLATFORM_KEY' : 'CUSTOMER_KEY';
      must(protection === expected, `${id} is protected by ${protection}, expected ${expected}`);
      for (const reason of reasons) await readAll(service, sealed, asset, reason);
    }
    passed(
      `${DAY.length} assets sealed and opened; a phone call is under the provider’s key: its type is not enrolled`,
    );
    const meeting = { account: ACCOUNT, ...RECORDING, id: 'board-meeting' };
    const reading = readAll(phone, join(dir, 'board-meeting.sealed'), meeting, 'USER_ACCESS');
    must(
      (await refusalOf(reading))?.code === 'NOT_AUTHORIZED',
      'the phone service could open a recording of a meeting',
    );
    passed('the phone service asked for a recording of a meeting, and was refused');
  } finally {
    recorder.close();
    phone.close();
  }
}

async function readAll(service: CmkClient, path: string, asset: Asset, reason: Reason): Promise<void> {
  let bytes = 0;
  const stream = service.decrypt(createReadStream(path), { asset, reason }) as AsyncIterable<Buffer>;
  for await (const piece of stream) bytes += piece.length;
  must(bytes === SAMPLE_BYTES, `${asset.id} opened to ${bytes} bytes, expected ${SAMPLE_BYTES}`);
}
