import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { parseContext } from '../../core/context-encoding.ts';
import type { AuditEvent } from '../../sandbox/azure-kms/audit-log.ts';
import type { TrailEvent } from '../../sandbox/aws-kms/trail.ts';
import type { KmsName } from '../../sandbox/customers/customer.ts';
import type { CryptoEvent } from '../../sandbox/oci-kms/audit.ts';
import type { AuditEntry } from '../../sandbox/transit/audit.ts';
import { runStory } from './story-process.ts';

interface Row {
  /** What is sealed: sizes at which a story about a file may stumble. */
  readonly file: Buffer;
  /** What the KMS calls the making or wrapping of a data key, and what it was for, from the log line that is shown. */
  readonly read: (line: never) => { operation: string; context: Readonly<Record<string, string>> | null };
  readonly operation: string;
  readonly told: readonly string[];
}

const NO_CONTEXT = 'It does not name the recording: Azure’s wrapping carries no context.';

const ROWS: Readonly<Record<KmsName, Row>> = {
  aws: {
    file: Buffer.alloc(0),
    read: ({ eventName, requestParameters }: TrailEvent) => ({
      operation: eventName,
      context: requestParameters?.encryptionContext ?? null,
    }),
    operation: 'GenerateDataKey',
    told: ['a replica in a second region', 'us-west-2: it unwraps them', '× Decrypt, DisabledException'],
  },
  azure: {
    file: Buffer.of(7),
    read: ({ operationName }: AuditEvent) => ({ operation: operationName, context: null }),
    operation: 'KeyWrap',
    told: ['without a replica', NO_CONTEXT, 'Azure itself checks none', '× KeyUnwrap, KeyDisabled'],
  },
  oci: {
    file: Buffer.alloc(70_000, 'oci'),
    read: ({ data }: CryptoEvent['logContent']) => ({
      operation: data.requestAction,
      context: data.loggingContext,
    }),
    operation: 'GENERATEDEK',
    told: ['without a replica', 'refuses them under another asset’s context', '× Decrypt, 409'],
  },
  transit: {
    file: Buffer.alloc(1_000_000, 'transit'),
    read: ({ request: { path, data } }: AuditEntry) => ({
      operation: path,
      context: parseContext(Buffer.from(String(data?.['associated_data']), 'base64')),
    }),
    operation: 'transit/encrypt/recordings',
    told: [
      'without a replica',
      'refuses them under another asset’s context',
      '× decrypt, key is soft-deleted',
    ],
  },
};

/** `npm start -- --once --kms KMS FILE`: what it tells is what happened, and it ends with zero. */
export function testStory(kms: KmsName): void {
  const row = ROWS[kms];
  test.serial(`${kms}: the story comes out as told`, async (t) => {
    const dir = mkdtempSync(join(tmpdir(), 'cmk-story-'));
    t.teardown(() => rmSync(dir, { recursive: true }));
    const file = join(dir, `${kms}.mp4`);
    writeFileSync(file, row.file);
    const { status, out, errors } = await runStory({ dir, name: kms }, ['--once', '--kms', kms, file], {
      CMK_PROBE_INTERVAL: '1s',
    });
    t.is(status, 0, out + errors);
    t.regex(out, new RegExp(`seals ${kms}\\.mp4, ${row.file.length > 10_000 ? '' : row.file.length}`));
    t.true(out.includes('SHA-256 equal'));
    t.regex(out, /refused [\d.]+ s after: KEY_DISABLED/);
    for (const words of row.told) t.true(out.includes(words), `${words}\n${out}`);
    t.true(out.includes('Everything came out as told.'));

    const { operation, context } = row.read(shownLine(out) as never);
    t.is(operation, row.operation);
    if (context === null) return;
    const { acct, srvId, type, id = '' } = context;
    t.like({ acct, srvId, type }, { acct: 'acme', srvId: '0001', type: 'MeetingWebinarRecording' });
    t.regex(id, /^meeting-\d+$/);
  });
}

/** The line of the customer's log, as JSON and indented. */
function shownLine(out: string): unknown {
  const [, rest = ''] = out.split('The line in Acme’s own KMS log:\n');
  return JSON.parse(rest.slice(0, rest.indexOf('\n     }\n') + '\n     }\n'.length));
}
