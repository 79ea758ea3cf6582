import { OciError } from './errors.ts';

/**
 * Policy statements as the emulator understands them. What it does not understand it refuses, rather than ignore it:
 * an ignored condition would allow what real OCI denies.
 */
export type Statement = Define | Grant;

export interface Define {
  readonly kind: 'define';
  readonly what: 'tenancy' | SubjectKind;
  readonly alias: string;
  readonly ocid: string;
}

export interface Grant {
  readonly kind: 'allow' | 'endorse' | 'admit';
  readonly subject: { readonly kind: SubjectKind; readonly name: string };
  /** `admit`: where the subject comes from; `endorse`: where it may go, null for anywhere; `allow`: null. */
  readonly tenancy: string | null;
  readonly verb: Verb;
  /** `endorse` leaves it to the other tenancy: null. */
  readonly scope: Scope | null;
  readonly condition: Condition | null;
}

export type SubjectKind = 'group' | 'dynamic-group';
export type Scope =
  | { readonly kind: 'tenancy' }
  | { readonly kind: 'compartment'; readonly name: string }
  | { readonly kind: 'compartment-id'; readonly ocid: string };
export type Condition =
  | { readonly kind: 'all' | 'any'; readonly conditions: readonly Condition[] }
  | { readonly kind: 'is' | 'is-not'; readonly variable: Variable; readonly value: string };

const VERBS = ['inspect', 'read', 'use', 'manage'] as const;
export type Verb = (typeof VERBS)[number];
const VARIABLES = ['target.key.id', 'target.vault.id', 'request.permission', 'request.operation'] as const;
export type Variable = (typeof VARIABLES)[number];

const MAX_STATEMENT_CHARS = 4_000;
const TOKEN = /\s*('[^']*'|!=|[={},]|[^\s={},'!]+)/y;
const NAME = /^[A-Za-z][\w.-]{0,99}$/;
const OCID = /^ocid1\.[a-z]+\.oc\d{1,3}\.[a-z0-9-]*\.[a-z0-9]{1,100}$/;

/** @throws OciError InvalidParameter */
export function parseStatement(text: string): Statement {
  const words = new Words(text);
  const kind = words.oneOf(['define', 'endorse', 'admit', 'allow']);
  const statement = kind === 'define' ? parseDefine(words) : parseGrant(kind, words);
  words.end();
  return statement;
}

function parseDefine(words: Words): Define {
  const what = words.oneOf(['tenancy', 'group', 'dynamic-group']);
  const alias = words.matching(NAME, 'a name');
  words.oneOf(['as']);
  const ocid = words.matching(OCID, 'an OCID');
  if (!ocid.startsWith(`ocid1.${what.replace('-', '')}.`)) words.refuse(`the OCID of a ${what}`);
  return { kind: 'define', what, alias, ocid };
}

function parseGrant(kind: Grant['kind'], words: Words): Grant {
  const subject = {
    kind: words.oneOf(['group', 'dynamic-group']),
    name: words.matching(NAME, 'a name'),
  };
  let tenancy: string | null = null;
  if (kind === 'admit') {
    words.oneOf(['of']);
    words.oneOf(['tenancy']);
    tenancy = words.matching(NAME, 'a name');
  }
  words.oneOf(['to']);
  const verb = words.oneOf(VERBS);
  words.oneOf(['keys']);
  words.oneOf(['in']);
  let scope: Scope | null = null;
  if (kind !== 'endorse') scope = parseScope(words);
  else if (words.oneOf(['tenancy', 'any-tenancy']) === 'tenancy') tenancy = words.matching(NAME, 'a name');
  const condition = words.isAtEnd() ? null : (words.oneOf(['where']), parseCondition(words));
  return { kind, subject, tenancy, verb, scope, condition };
}

function parseScope(words: Words): Scope {
  if (words.oneOf(['tenancy', 'compartment']) === 'tenancy') return { kind: 'tenancy' };
  const name = words.matching(NAME, 'a name');
  if (name.toLowerCase() !== 'id') return { kind: 'compartment', name };
  return { kind: 'compartment-id', ocid: words.matching(OCID, 'an OCID') };
}

function parseCondition(words: Words): Condition {
  const word = words.oneOf(['all', 'any', ...VARIABLES]);
  if (word !== 'all' && word !== 'any') {
    const kind = words.oneOf(['=', '!=']) === '=' ? 'is' : 'is-not';
    return { kind, variable: word, value: words.matching(/^'[^']*'$/, 'a quoted value').slice(1, -1) };
  }
  words.oneOf(['{']);
  const conditions = [parseCondition(words)];
  while (words.oneOf([',', '}']) === ',') conditions.push(parseCondition(words));
  return { kind: word, conditions };
}

/** A statement, word by word. */
class Words {
  readonly #text: string;
  readonly #words: string[] = [];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    if (text.length > MAX_STATEMENT_CHARS) this.refuse(`at most ${MAX_STATEMENT_CHARS} characters`);
    TOKEN.lastIndex = 0;
    const trimmed = text.trimEnd();
    while (TOKEN.lastIndex < trimmed.length) {
      const match = TOKEN.exec(trimmed);
      if (!match) return this.refuse('words and quoted values');
      this.#words.push(match[1] ?? '');
    }
  }

  isAtEnd(): boolean {
    return this.#at === this.#words.length;
  }

  end(): void {
    if (!this.isAtEnd()) this.refuse('nothing more');
  }

  /** Keywords are read without regard to case. */
  oneOf<const T extends string>(expected: readonly T[]): T {
    const word = this.#words[this.#at]?.toLowerCase();
    const found = expected.find((each) => each === word);
    if (found === undefined) return this.refuse(expected.join(' or '));
    this.#at++;
    return found;
  }

  matching(pattern: RegExp, what: string): string {
    const word = this.#words[this.#at] ?? '';
    if (!pattern.test(word)) return this.refuse(what);
    this.#at++;
    return word;
  }

  refuse(expected: string): never {
    const got = this.#words[this.#at] ?? 'the end';
    throw new OciError(
      'InvalidParameter',
      `policy statement: expected ${expected}, got ${got} in: ${this.#text}`,
    );
  }
}
