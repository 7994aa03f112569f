/**
 * The text of a loop or shader, taken apart just as far as mutating it needs: tokens without comments and strings,
 * and the regions that compute something. It reads the built JavaScript of src/ops, WGSL and AssemblyScript alike:
 * all three have the same tokens, and are formatted with spaces around binary operators.
 */

export interface Token {
  readonly type: 'name' | 'number' | 'symbol';
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** A part of a source: offsets from its first character to past its last. */
export interface Region {
  readonly start: number;
  readonly end: number;
}

export type Language = 'javascript' | 'wgsl' | 'assemblyscript';

/** What a loop calls beside its `run`, by name: loops and gradients that stand in functions of their own. */
const HELPERS = [
  ...['batchNormGradients', 'channelRange', 'createPanels', 'findWinners', 'finishRow', 'flatRange'],
  ...['multiplyPanels', 'multiplyPhase', 'multiplyTile', 'oneHotAt', 'packLine', 'packTap', 'packWindows'],
  ...['reducedShape', 'rowStatistics', 'rowTotal', 'stridedIndex', 'sumTo', 'tapsOf', 'targetAt'],
  'weightGradient',
];

/** Where a region starts. Words, grids, shape rules and checks of arguments are none. */
const HEADS: Readonly<Record<Language, RegExp>> = {
  javascript: new RegExp(
    [
      '^ +run\\(',
      '^ +gradient(?:: )?\\(',
      '^ +(?:forward|derivative): \\(\\w+\\) =>',
      '^export const \\w+ = (?:binaryKernel|binaryOperation|rowOperation)\\(',
      `^(?:export )?function (?:${HELPERS.join('|')})\\(`,
    ].join('|'),
    'gm',
  ),
  wgsl: /^fn \w+\(/gm,
  assemblyscript: /^(?:export )?function \w+\(/gm,
};

const TOKEN =
  /(?<skipped>\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`)|(?<name>[A-Za-z_$][\w$]*)|(?<number>\d[\w.]*)|(?<symbol>===|!==|>>>|=>|\+\+|--|\.\.\.|&&|\|\||[-+*/%<>=!&|]=|<<|>>|[\s\S])/gy;

/** The tokens between two offsets of a source. */
export function tokensOf(source: string, { start, end }: Region): Token[] {
  const tokens: Token[] = [];
  for (const match of source.slice(start, end).matchAll(TOKEN)) {
    const groups = match.groups!;
    const type = groups.name !== undefined ? 'name' : groups.number !== undefined ? 'number' : 'symbol';
    if (groups.skipped !== undefined) continue;
    const at = start + match.index;
    tokens.push({ type, text: match[0], start: at, end: at + match[0].length });
  }
  return tokens;
}

/** The regions of a source that compute something, in order and without overlap. */
export function regionsOf(source: string, language: Language): Region[] {
  const regions: Region[] = [];
  for (const { index } of source.matchAll(HEADS[language])) {
    if (index < (regions.at(-1)?.end ?? 0)) continue;
    regions.push(regionFrom(source, index));
  }
  return regions;
}

/** From a head to the end of its property or function: a comma, a semicolon or the brace that closes its body. */
function regionFrom(source: string, start: number): Region {
  let depth = 0;
  for (const { text, end } of tokensOf(source, { start, end: source.length })) {
    if ('([{'.includes(text)) depth++;
    if (')]}'.includes(text)) depth--;
    const closed = depth === 0 && (text === '}' || text === ',' || text === ';');
    if (closed || depth < 0) return { start, end };
  }
  throw new Error(`no end is found for the region that starts with ${source.slice(start, start + 60)}`);
}

/** The line that holds an offset, without its indentation. */
export function lineAt(source: string, offset: number): string {
  const start = source.lastIndexOf('\n', offset - 1) + 1;
  const end = source.indexOf('\n', offset);
  return source.slice(start, end < 0 ? source.length : end).trim();
}
