import { VaultError } from './errors.ts';

/** One `path` block of a policy. Parameters map a name to its allowed or denied values; none: any value. */
export interface PathRule {
  readonly path: string;
  readonly capabilities: readonly Capability[];
  readonly requiredParameters: readonly string[];
  readonly allowedParameters: Parameters | null;
  readonly deniedParameters: Parameters | null;
}

export type Parameters = Readonly<Record<string, readonly string[]>>;

const CAPABILITIES = ['create', 'read', 'update', 'delete', 'list', 'sudo', 'deny'] as const;
export type Capability = (typeof CAPABILITIES)[number];

const TOKEN =
  /\s+|#[^\n]*|\/\/[^\n]*|\/\*[^]*?\*\/|"((?:[^"\\\n]|\\["\\])*)"|([A-Za-z_][A-Za-z0-9_]*)|([{}[\]=,])/y;

/**
 * Reads the part of HCL that policies are written in: `path "…" { name = value }` with lists of texts, and one level
 * of objects for parameters. Whatever else is there is refused, never passed over.
 * @throws VaultError 400
 */
export function parsePolicy(text: string): readonly PathRule[] {
  return new Parser(tokenize(text)).policy();
}

interface Token {
  readonly kind: 'text' | 'word' | 'mark';
  readonly value: string;
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (!match) throw refusal(`cannot read ${JSON.stringify(text.slice(at, at + 20))}`);
    const [, quoted, word, mark] = match;
    if (quoted !== undefined) tokens.push({ kind: 'text', value: quoted.replace(/\\(.)/g, '$1') });
    else if (word !== undefined) tokens.push({ kind: 'word', value: word });
    else if (mark !== undefined) tokens.push({ kind: 'mark', value: mark });
  }
  return tokens;
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  policy(): readonly PathRule[] {
    const rules: PathRule[] = [];
    while (this.#at < this.#tokens.length) {
      this.#expect('word', 'path');
      rules.push(this.#rule(this.#expect('text')));
    }
    return rules;
  }

  #rule(path: string): PathRule {
    if (path.includes('+') || /\*./.test(path))
      throw refusal(`wildcard in ${path}: only one at the end is read`);
    const fields: Record<string, readonly string[] | Parameters> = {};
    this.#expect('mark', '{');
    while (!this.#accept('}')) {
      const name = this.#expect('word');
      if (name in fields) throw refusal(`${name} is given twice`);
      this.#expect('mark', '=');
      fields[name] =
        name.endsWith('ed_parameters') && name !== 'required_parameters' ? this.#parameters() : this.#list();
    }
    const { capabilities, required_parameters, allowed_parameters, denied_parameters, ...others } = fields;
    const unknown = Object.keys(others);
    if (unknown.length > 0) throw refusal(`${unknown.join(', ')}: not supported by this emulator`);
    return {
      path,
      capabilities: ((capabilities ?? []) as string[]).map(capability),
      requiredParameters: ((required_parameters ?? []) as string[]).map(lower),
      allowedParameters: (allowed_parameters as Parameters | undefined) ?? null,
      deniedParameters: (denied_parameters as Parameters | undefined) ?? null,
    };
  }

  #parameters(): Parameters {
    const parameters: Record<string, readonly string[]> = {};
    this.#expect('mark', '{');
    while (!this.#accept('}')) {
      const name = this.#peek()?.kind === 'word' ? this.#expect('word') : this.#expect('text');
      this.#expect('mark', '=');
      parameters[lower(name)] = this.#list();
      this.#accept(',');
    }
    return parameters;
  }

  #list(): readonly string[] {
    const items: string[] = [];
    this.#expect('mark', '[');
    while (!this.#accept(']')) {
      items.push(this.#expect('text'));
      if (!this.#accept(',') && this.#peek()?.value !== ']') throw refusal('expected a comma in a list');
    }
    return items;
  }

  #peek(): Token | undefined {
    return this.#tokens[this.#at];
  }

  #accept(mark: string): boolean {
    const next = this.#peek();
    if (next?.kind !== 'mark' || next.value !== mark) return false;
    this.#at++;
    return true;
  }

  #expect(kind: Token['kind'], value?: string): string {
    const next = this.#peek();
    if (next?.kind !== kind || (value !== undefined && next.value !== value)) {
      throw refusal(`expected ${value ?? kind}, got ${next ? JSON.stringify(next.value) : 'the end'}`);
    }
    this.#at++;
    return next.value;
  }
}

function capability(text: string): Capability {
  const known = CAPABILITIES.find((each) => each === text);
  if (!known) throw refusal(`invalid capability ${JSON.stringify(text)}`);
  return known;
}

function lower(text: string): string {
  return text.toLowerCase();
}

function refusal(detail: string): VaultError {
  return new VaultError(400, `failed to parse policy: ${detail}`);
}
