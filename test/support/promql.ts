/** What an expression names. */
export interface Vocabulary {
  readonly selectors: readonly Selector[];
  /** In `by (…)`, `on (…)` and the like. */
  readonly labels: readonly string[];
  readonly functions: readonly string[];
}

export interface Selector {
  readonly metric: string;
  readonly matchers: readonly { readonly label: string; readonly operator: string; readonly value: string }[];
}

const TOKEN = /\s+|"(?:[^"\\]|\\.)*"|[A-Za-z_:][\w:]*|\d[\w.]*|\$\w+|=~|!~|!=|==|>=|<=|[<>=+\-*/%^{}()[\],]/y;
const TAKE_LABELS = ['by', 'without', 'on', 'ignoring', 'group_left', 'group_right'];
const KEYWORDS = ['and', 'or', 'unless', 'offset', 'bool'];

/**
 * Reads what we use of PromQL; whether it is well formed, promtool says.
 * @throws {Error} for what it does not know
 */
export function vocabularyOf(expression: string): Vocabulary {
  const tokens = tokensOf(expression);
  const selectors: Selector[] = [];
  const labels: string[] = [];
  const functions: string[] = [];
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at] ?? '';
    const until = (end: string) => tokens.slice(at + 1, (at = tokens.indexOf(end, at)));
    if (token === '[') until(']');
    else if (TAKE_LABELS.includes(token)) {
      labels.push(...until(')').filter((each) => each !== '(' && each !== ','));
    } else if (!/^[A-Za-z_:]/.test(token) || KEYWORDS.includes(token)) continue;
    else if (tokens[at + 1] === '(' || TAKE_LABELS.includes(tokens[at + 1] ?? '')) functions.push(token);
    else if (tokens[at + 1] === '{')
      selectors.push({ metric: token, matchers: matchers(until('}').slice(1)) });
    else if (/^\d/.test(tokens[at - 1] ?? '') || tokens[at - 1] === 'offset') continue;
    else selectors.push({ metric: token, matchers: [] });
  }
  return { selectors, labels, functions };
}

function tokensOf(expression: string): string[] {
  const tokens: string[] = [];
  for (TOKEN.lastIndex = 0; TOKEN.lastIndex < expression.length;) {
    const at = TOKEN.lastIndex;
    const [token] = TOKEN.exec(expression) ?? [];
    if (token === undefined) throw new Error(`not PromQL at ${at}: ${expression.slice(at, at + 40)}`);
    if (token.trim() !== '') tokens.push(token);
  }
  return tokens;
}

function matchers(tokens: readonly string[]): Selector['matchers'] {
  const found: Selector['matchers'][number][] = [];
  for (let at = 0; at < tokens.length; at += 4) {
    const [label = '', operator = '', value = ''] = tokens.slice(at, at + 3);
    found.push({ label, operator, value: value.slice(1, -1) });
  }
  return found;
}
