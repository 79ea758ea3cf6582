import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { runStory } from '../support/story-process.ts';

/** `npm start -- --story experiment`: keys in two regions go one by one, come back, are destroyed and replaced. */

const dir = mkdtempSync(join(tmpdir(), 'cmk-experiment-'));
test.after.always(() => rmSync(dir, { recursive: true }));

/** Shorter than the defaults, so that the test ends soon. */
const SETTINGS = { CMK_PROBE_INTERVAL: '1s', CMK_TROUBLE_PROBE_INTERVAL: '1s' };

/** By heading: what must be told under it. Each line of the story stands for a check that it makes. */
const STEPS: readonly (readonly [heading: string, ...told: RegExp[]])[] = [
  [
    'Before: a meeting is recorded, and opens',
    /“monday” is sealed under Acme’s key in us-east-1, and opens/,
    /everything else goes on/,
  ],
  [
    'Acme disables the key in us-east-1, and leaves us-west-2 alone',
    /the broker says of us-east-1: decrypt status FAILED/,
    /“monday” still opens: us-west-2 unwrapped its data key/,
    /“tuesday”, is sealed under the key in us-west-2/,
    /× Decrypt DisabledException/,
    /decrypt FAILED \(KEY_DISABLED\)/,
    /Subject: \[CMK\] Acme Inc\.: Key arn:aws:kms:us-east-1:\S+ cannot be used/,
  ],
  [
    'Acme disables the key in us-west-2 too',
    /“monday” does not open, [\d.]+ s after: KEY_DISABLED/,
    /“tuesday” does not open, [\d.]+ s after: KEY_DISABLED/,
    /a new recording fails: KEY_DISABLED/,
    /everything else goes on/,
    /Subject: \[CMK\] Acme Inc\.: Key arn:aws:kms:us-west-2:\S+ cannot be used/,
  ],
  [
    'Acme enables both again',
    /“monday” and “tuesday” open again/,
    /“wednesday”, is sealed under the key in us-(east-1|west-2)/,
    /both statuses of us-east-1 and us-west-2 are OK/,
    /Subject: \[CMK\] Acme Inc\.: Key arn:aws:kms:us-east-1:\S+ works again/,
  ],
  [
    'Acme has the key destroyed, in both regions',
    /“monday” does not open, [\d.]+ s after: KEY_PENDING_DELETION/,
    /a new recording fails: KEY_PENDING_DELETION/,
    /The key is scheduled for deletion in your KMS\. \(KEY_PENDING_DELETION\)/,
  ],
  [
    'What the new key opens, and what it does not',
    /“thursday” is sealed under the new key, in acme-keys\.vault\.azure\.net, and opens/,
    /“wednesday” does not open, [\d.]+ s after: KEY_PENDING_DELETION/,
    /everything else goes on/,
    /the new key is ACTIVE; the destroyed one DECRYPT_ONLY/,
    /× KeyWrap allowed/,
  ],
];

test('the experiment comes out as told', async (t) => {
  t.timeout(240_000);
  const { status, out, errors } = await runStory(
    { dir, name: 'experiment' },
    ['--once', '--story', 'experiment'],
    SETTINGS,
  );
  t.is(status, 0, out + errors);
  t.true(out.includes('Everything came out as told.'));
  const sections = out.split(/^\d+ {2}/m);
  for (const [heading, ...told] of STEPS) {
    const section = sections.find((each) => each.startsWith(heading)) ?? '';
    t.not(section, '', `${heading}\n${out}`);
    for (const what of told) t.regex(section, what);
  }
});

test('it is about two regions of AWS and makes its own recordings', async (t) => {
  for (const others of [['--kms', 'azure'], ['README.md']]) {
    const { status, errors } = await runStory({ dir, name: 'experiment-refused' }, [
      '--story',
      'experiment',
      ...others,
    ]);
    t.is(status, 1);
    t.true(errors.includes('the experiment is about two regions of AWS KMS'), errors);
  }
});
