import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { createKeySetUp } from '../../broker/kms/key-set-up.ts';
import { kmsSettings } from '../../broker/kms/registry.ts';
import type { KeySetUp, SetUpDocument } from '../../broker/kms/set-up.ts';
import { readConfig } from '../../runtime/config.ts';

/** What an operator says of themselves. */
export const OPERATOR = {
  CMK_AWS_PRINCIPAL: 'arn:aws:iam::444455556666:role/cmk-broker',
  CMK_AZURE_APPLICATION: '99999999-8888-4777-8666-555555555555/33333333-2222-4111-8000-999999999999',
  CMK_OCI_TENANCY: 'ocid1.tenancy.oc1..aaaaprovider',
  CMK_OCI_GROUP: 'ocid1.dynamicgroup.oc1..aaaabroker',
  CMK_OCI_GROUP_NAME: 'cmk-broker',
  CMK_TRANSIT_SUBJECT: 'system:serviceaccount:cmk:broker',
  CMK_TRANSIT_AUDIENCE: 'vault',
} as const;

export function keySetUpFor(env: NodeJS.ProcessEnv = OPERATOR): KeySetUp {
  return createKeySetUp(readConfig(kmsSettings, env));
}

/** @throws Error when there is none of that title */
export function textOf(documents: readonly SetUpDocument[], title: string): string {
  const found = documents.find((document) => document.title === title);
  if (!found) throw new Error(`no document ${title} among ${documents.map((each) => each.title).join(', ')}`);
  return found.text;
}

/** Texts in which something of a shell, of JSON or of HCL is likely. */
export const hostile = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 5 }),
      fc.constantFrom("'", '"', '\\', '`', '$', '${', '%{', '$$', '}', '\n', '\r', '\b', '\f', '\t', ' '),
      fc.constantFrom('$(touch owned)', '; touch owned', '*', '~', '!', '#', '-', '=', '<<EOF', '&&'),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join('').replaceAll('\0', ''));

/** What the customers' tools are called. */
const TOOLS = ['aws', 'az', 'oci', 'vault', 'pkcs11-tool'];
const END_OF_CALL = '\u0001';

/** A shell on a machine that has stubs of the customers' tools and nothing else. */
export class CustomersShell {
  readonly #dir = mkdtempSync(join(tmpdir(), 'cmk-shell-'));

  constructor() {
    for (const tool of TOOLS) {
      const script = `#!/bin/sh\nprintf '%s\\0' ${tool} "$@" '${END_OF_CALL}' >>"$CALLS"\necho "$ANSWER"\n`;
      writeFileSync(join(this.#dir, tool), script, { mode: 0o755 });
    }
  }

  /**
   * Runs a document.
   * @param answer what each tool prints
   * @returns how the tools were called, each with its arguments
   * @throws Error when anything else is called, or fails
   */
  run(text: string, answer = 'answer'): string[][] {
    const calls = join(this.#dir, 'calls');
    writeFileSync(calls, '');
    const { status, stderr } = spawnSync('/bin/sh', ['-c', text], {
      env: { PATH: this.#dir, CALLS: calls, ANSWER: answer, CMK_PKCS11_PINS: this.#dir },
      input: '1234\n',
      encoding: 'utf8',
    });
    if (status !== 0 || stderr !== '') throw new Error(`${text}\nended with ${status}: ${stderr}`);
    return readFileSync(calls, 'utf8')
      .split(`\0${END_OF_CALL}\0`)
      .filter((call) => call !== '')
      .map((call) => call.split('\0'));
  }

  /** A file that a document wrote. */
  read(name: string): string {
    return readFileSync(join(this.#dir, name), 'utf8');
  }

  remove(): void {
    rmSync(this.#dir, { recursive: true });
  }
}

/** The value of an option in a call. */
export function optionOf(call: readonly string[] | undefined, option: string): string {
  return call?.[call.indexOf(option) + 1] ?? '';
}
