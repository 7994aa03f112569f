/**
 * Ways to break a computation, on the level of text:
 *
 *     sign        a + b  ->  a - b,  a * b  ->  a / b,  -a  ->  a
 *     term        a + b * c  ->  a,  a * b  ->  a,  a += b  ->  a = b
 *     comparison  a < b  ->  a <= b,  a === b  ->  a !== b,  a && b  ->  a || b
 *     offset      padTop  ->  (padTop + 1),  0  ->  1
 *     index       height  ->  width,  row  ->  column
 *     operands    f(a, b)  ->  f(b, a)
 *
 * Some results are no programs (a name that is not declared here, a type that does not fit): whoever runs them
 * tells those apart by the message of the compiler.
 */
import { type Language, lineAt, regionsOf, type Token, tokensOf } from './source.js';

export type Kind = 'sign' | 'term' | 'comparison' | 'offset' | 'index' | 'operands';

/** One change of a source: `text` in place of what stands from `start` to `end`. */
export interface Mutation {
  readonly kind: Kind;
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

const SIGNS: Readonly<Record<string, string>> = { '+': '-', '-': '+', '*': '/', '/': '*', '+=': '-=' };

const COMPARISONS: Readonly<Record<string, string>> = {
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '==': '!=',
  '!=': '==',
  '===': '!==',
  '!==': '===',
  '&&': '||',
  '||': '&&',
};

/** Parts of names that are each other's counterpart. */
const COUNTERPARTS = [
  ['height', 'width'],
  ['Height', 'Width'],
  ['row', 'column'],
  ['Row', 'Column'],
  ['top', 'left'],
  ['Top', 'Left'],
  ['channels', 'filters'],
];

/** Names of places: one more is another place. */
const PLACE =
  /^(?:pad|offset|start|first|last|top|left|base|begin|end|place|row|column|image|index|channel)/i;

/** What gives the same whichever operand comes first, and what only looks like a call. */
const SYMMETRIC = new Set(['add', 'multiply', 'max', 'min', 'imul', 'if', 'for', 'while', 'function']);

/** Every mutation of a source, in the order of the text. */
export function mutationsOf(source: string, language: Language): Mutation[] {
  return regionsOf(source, language).flatMap((region) => {
    const tokens = tokensOf(source, region);
    const names = new Set(tokens.filter(({ type }) => type === 'name').map(({ text }) => text));
    return tokens.flatMap((token, i) => {
      if (token.type === 'number') return nextNumber(tokens, i);
      if (token.type === 'symbol') return [...signs(source, tokens, i), ...comparisons(source, tokens, i)];
      const declares = /^(?:const|let|var) *[[{<]/.test(lineAt(source, token.start));
      const moved = declares ? [] : [...places(tokens, i), ...counterparts(tokens, i, names)];
      return [...moved, ...swapped(source, tokens, i)];
    });
  });
}

/** The source with a mutation. */
export function mutated(source: string, { start, end, text }: Mutation): string {
  return source.slice(0, start) + text + source.slice(end);
}

function signs(source: string, tokens: readonly Token[], i: number): Mutation[] {
  const { text, start, end } = tokens[i];
  if (text === '-' && isUnary(tokens, i)) return [{ kind: 'sign', start, end, text: '' }];
  if (SIGNS[text] === undefined || !isSpaced(source, tokens[i])) return [];
  // A loop that runs backwards does not end: that shows nothing about the tests.
  if (text === '+=' && lineAt(source, start).startsWith('for ')) return [];
  const sign: Mutation = { kind: 'sign', start, end, text: SIGNS[text] };
  if (text === '+=') return [sign, { kind: 'term', start, end, text: '=' }];
  if (text === '/') return [sign];
  const last = operandEnd(tokens, i + 1, text !== '*');
  return [sign, { kind: 'term', start: tokens[i - 1].end, end: tokens[last].end, text: '' }];
}

function isUnary(tokens: readonly Token[], i: number): boolean {
  const before = tokens[i - 1];
  return before.text === 'return' || (before.type === 'symbol' && before.text !== ')' && before.text !== ']');
}

/** Whether spaces stand around a symbol, as they do around binary operators, but not in `array<f32>`. */
function isSpaced(source: string, { start, end }: Token): boolean {
  return /\s/.test(source[start - 1]) && /\s/.test(source[end]);
}

/** The last token of the operand that starts at token `i`; of a whole product if `product`. */
function operandEnd(tokens: readonly Token[], i: number, product: boolean): number {
  let last = i;
  while (['-', '!', '~'].includes(tokens[last].text)) last++;
  // A cast of AssemblyScript, `<i32>x`, stands in front.
  if (tokens[last].text === '<') last += 3;
  if (tokens[last].text === '(') last = closing(tokens, last);
  for (;;) {
    const next = tokens[last + 1]?.text;
    if (next === '.') last += 2;
    else if (next === '(' || next === '[') last = closing(tokens, last + 1);
    else if (next === '<' && tokens[last + 1].start === tokens[last].end) last = closing(tokens, last + 1);
    else if (product && (next === '*' || next === '/' || next === '%'))
      last = operandEnd(tokens, last + 2, false);
    else return last;
  }
}

const PAIRS: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}', '<': '>' };

/** The token that closes the bracket at token `i`. */
function closing(tokens: readonly Token[], i: number): number {
  const [open, close] = [tokens[i].text, PAIRS[tokens[i].text]];
  let depth = 0;
  for (let at = i; ; at++) {
    if (tokens[at].text === open) depth++;
    if (tokens[at].text === close && --depth === 0) return at;
  }
}

function comparisons(source: string, tokens: readonly Token[], i: number): Mutation[] {
  const { text, start, end } = tokens[i];
  if (COMPARISONS[text] === undefined || !isSpaced(source, tokens[i])) return [];
  return [{ kind: 'comparison', start, end, text: COMPARISONS[text] }];
}

/** One more than a number: 0u becomes 1u, 0.5 becomes 1.5. */
function nextNumber(tokens: readonly Token[], i: number): Mutation[] {
  const { text, start, end } = tokens[i];
  const parts = /^(\d+)((?:\.\d+)?[uif]?)$/.exec(text);
  if (parts === null) return [];
  return [{ kind: 'offset', start, end, text: `${Number(parts[1]) + 1}${parts[2]}` }];
}

function places(tokens: readonly Token[], i: number): Mutation[] {
  const { text, start, end } = tokens[i];
  const [before, after] = [tokens[i - 1], tokens[i + 1]];
  const isRead =
    before?.type === 'symbol' &&
    !['.', ',', '{', '@'].includes(before.text) &&
    after !== undefined &&
    !['(', '.', ':', '=', '=>', '++', '--', '+=', '-='].includes(after.text);
  return isRead && PLACE.test(text) ? [{ kind: 'offset', start, end, text: `(${text} + 1)` }] : [];
}

function counterparts(tokens: readonly Token[], i: number, names: ReadonlySet<string>): Mutation[] {
  const { text, start, end } = tokens[i];
  const [before, after] = [tokens[i - 1], tokens[i + 1]];
  if (before === undefined || before.type === 'name' || [':', '='].includes(after?.text)) return [];
  return COUNTERPARTS.flatMap(([one, other]) => {
    const [part, instead] = text.includes(one) ? [one, other] : [other, one];
    const swap = text.replace(part, instead);
    return swap !== text && names.has(swap) ? [{ kind: 'index', start, end, text: swap }] : [];
  });
}

/** The first two operands of a call exchanged: of any with two, and of WGSL's `select`. */
function swapped(source: string, tokens: readonly Token[], i: number): Mutation[] {
  const isDefinition = ['fn', 'function'].includes(tokens[i - 1]?.text);
  if (tokens[i + 1]?.text !== '(' || SYMMETRIC.has(tokens[i].text) || isDefinition) return [];
  const close = closing(tokens, i + 1);
  const bounds = [i + 1];
  for (let at = i + 2, depth = 0; at < close; at++) {
    if ('([{'.includes(tokens[at].text)) depth++;
    if (')]}'.includes(tokens[at].text)) depth--;
    if (depth === 0 && tokens[at].text === ',') bounds.push(at);
  }
  bounds.push(close);
  if (bounds.length !== 3 && !(tokens[i].text === 'select' && bounds.length === 4)) return [];
  const [first, second] = [0, 1].map((n) =>
    source.slice(tokens[bounds[n] + 1]?.start, tokens[bounds[n + 1] - 1].end),
  );
  if (first === second || first === '' || second === '') return [];
  const [start, end] = [tokens[i + 1].end, tokens[bounds[2] - 1].end];
  return [{ kind: 'operands', start, end, text: `${second}, ${first}` }];
}
