/**
 * Which columns of a CSV file are learnt, and as what, where nobody says so.
 *
 * One column of text is one of labels, one of fractions one of values. Whole numbers can be either: a digit is a label, an
 * age is a value. They are labels where the column says so by its name (label, class, category), or where there are at
 * most 20 different ones, each on two lines or more on average; a classifier of more numbers would rather be asked for.
 * Several columns are learnt together where all are values; where labels are among them, the one that says so by its name
 * is learnt alone. Whatever else there is, is refused with what to type: a guess would be an answer to another question.
 */
import { AttuneError } from '../../errors.js';
import { counted } from '../../text.js';
import { columnAt, type ImageTable, listed, quoted, wrongTable } from './image-table.js';
import { DECIMAL_COMMA, isNumber } from './values-file.js';

/** What is learnt of a CSV file: the column of labels, of a classification; or the columns of values, of a regression. */
export type LearntColumns =
  | { readonly label: string; readonly target: null }
  | { readonly label: null; readonly target: readonly string[] };

/** What was asked for; null: the file says it. */
export interface NamedColumns {
  readonly label: string | null;
  readonly target: readonly string[] | null;
}

export type ColumnChoice = LearntColumns & {
  /** What was taken for what, and how to have it otherwise; null where nothing else was possible. */
  readonly note: string | null;
};

/** Whole numbers up to which they are taken as labels. */
const MOST_NUMBERS = 20;
/** Texts up to which nobody asks whether they are labels. */
const FEW_TEXTS = 20;
/** A label is on as many lines on average. */
const LINES_OF_LABEL = 2;

/** `label`, `class_id`, `Categories`: as a word of its own. */
const LABEL_NAME = /(?:^|[^\p{L}])(?:labels?|class(?:es)?|categor(?:y|ies))(?:[^\p{L}]|$)/iu;

/**
 * The columns that were named, else those that the file speaks for.
 *
 * @throws AttuneError 'usage' if both kinds are named
 * @throws AttuneError 'data' if there is no such column, or the file does not say clearly enough what is to be learnt
 */
export async function chooseColumns(
  table: ImageTable,
  { label, target }: NamedColumns = { label: null, target: null },
): Promise<ColumnChoice> {
  if (label !== null && target !== null) {
    throw new AttuneError({
      code: 'usage',
      what: 'a run learns labels or values, and --label names a column, too',
      where: '--target',
      hint: 'leave one of the two out',
    });
  }
  if (label !== null)
    return { label: table.columns[columnAt(table, label, 'labels')], target: null, note: null };
  if (target !== null)
    return { label: null, target: target.map((name) => name.normalize('NFC')), note: null };

  const contents: Content[] = [];
  for (const column of table.columns.keys()) contents.push(await contentOf(table, column));
  const labels = contents.filter((content) => looksLike(content) === 'labels');
  const named = labels.filter(({ name }) => LABEL_NAME.test(name));
  if (named.length === 1) return labelsOf(named[0], contents);
  if (contents.length === 1 && labels.length === 1) return labelsOf(labels[0], contents);
  if (contents.every((content) => looksLike(content) === 'values')) return valuesOf(contents);
  throw contents.length === 1 ? unclear(contents[0], table) : severalKinds(contents, table);
}

/** What a column holds, missing fields aside. */
interface Content {
  readonly name: string;
  readonly kind: 'text' | 'whole' | 'fractions' | 'mixed' | 'nothing';
  /** Different texts, or numbers. */
  readonly different: number;
  readonly filled: number;
  /** The line of the first text; null without one. */
  readonly textLine: number | null;
  readonly text: string;
}

async function contentOf({ columns, rows, pauses }: ImageTable, column: number): Promise<Content> {
  // Numbers as texts: hashes of numbers can be foreseen, and a set of chosen ones takes hours.
  const seen = new Set<string>();
  let [filled, numbers, isWhole] = [0, 0, true];
  let [textLine, text]: [number | null, string] = [null, ''];
  for (const { line, fields } of rows) {
    if (pauses.due) await pauses.take();
    const field = fields[column];
    if (field === '') continue;
    filled++;
    // With a decimal comma it is no number that can be read, but none that is a label either.
    const isFraction = DECIMAL_COMMA.test(field);
    if (isNumber(field) || isFraction) {
      numbers++;
      isWhole &&= !isFraction && Number.isInteger(Number(field));
      seen.add(isFraction ? field : String(Number(field)));
    } else {
      if (textLine === null) [textLine, text] = [line, field];
      seen.add(field);
    }
  }
  const ofNumbers = isWhole ? 'whole' : 'fractions';
  const ofAll = numbers === 0 ? 'text' : numbers === filled ? ofNumbers : 'mixed';
  const kind = filled === 0 ? 'nothing' : ofAll;
  return { name: columns[column], kind, different: seen.size, filled, textLine, text };
}

function looksLike({ name, kind, different, filled }: Content): 'labels' | 'values' | 'unclear' {
  const isNamed = LABEL_NAME.test(name);
  const comesBack = different * LINES_OF_LABEL <= filled;
  switch (kind) {
    case 'text':
      return isNamed || comesBack || different <= FEW_TEXTS ? 'labels' : 'unclear';
    case 'whole':
      if (different > 1 && comesBack && (isNamed || different <= MOST_NUMBERS)) return 'labels';
      return isNamed ? 'unclear' : 'values';
    case 'fractions':
      return 'values';
    case 'mixed':
      return isNamed ? 'labels' : 'unclear';
    case 'nothing':
      return 'unclear';
  }
}

function labelsOf(content: Content, all: readonly Content[]): ColumnChoice {
  const { name, kind } = content;
  const others = all.filter((other) => other !== content).map((other) => other.name);
  const otherwise = kind === 'whole' ? `; --target ${name} takes them as values` : '';
  const unused = others.length === 0 ? '' : ` Not used: ${listed(others)}.`;
  const note = `Column ${name} holds ${described(content)}, taken as labels${otherwise}.${unused}`;
  return { label: name, target: null, note };
}

function valuesOf(contents: readonly Content[]): ColumnChoice {
  const whole = contents.filter(({ kind }) => kind === 'whole');
  const notes = whole.map((content) => `${content.name} holds ${described(content)}`);
  const note =
    whole.length === 0
      ? null
      : `Column ${listed(notes)}, taken as values; --label ${whole[0].name} takes ${whole.length === 1 ? 'them' : 'those of one'} as labels.`;
  return { label: null, target: contents.map(({ name }) => name), note };
}

/** `12 different whole numbers` */
function described({ kind, different }: Content): string {
  switch (kind) {
    case 'text':
      return counted(different, 'different text');
    case 'whole':
      return counted(different, 'different whole number');
    case 'fractions':
      return 'fractions';
    case 'mixed':
      return `${counted(different, 'different number')} and texts`;
    case 'nothing':
      return 'nothing';
  }
}

/** A single column that is neither. */
function unclear(content: Content, { path }: ImageTable): AttuneError {
  const { name, kind, filled, textLine, text } = content;
  const label = `--label ${name} takes them as labels`;
  switch (kind) {
    case 'mixed':
      return wrongTable(
        `line ${textLine}, column ${name}: ${quoted(text)} is no number, and others in the column are`,
        path,
        `write a number; or, if all are labels, ${label}`,
      );
    case 'nothing':
      return wrongTable(`the column ${name} is empty`, path, 'write a label or a value on each line');
    default:
      return wrongTable(
        `the column ${name} has ${described(content)} on ${counted(filled, 'line')}, too many for labels`,
        path,
        `${label}${kind === 'whole' ? `, --target ${name} as values` : ''}`,
      );
  }
}

/** Columns of which one is learnt, and nobody says which. */
function severalKinds(contents: readonly Content[], { path }: ImageTable): AttuneError {
  const [likely] = [...contents.filter((content) => looksLike(content) === 'labels'), ...contents];
  const values = contents.filter(({ kind }) => kind === 'whole' || kind === 'fractions');
  const each = contents.map((content) => `${content.name} (${described(content)})`);
  const names = values.map(({ name }) => name).slice(0, 3);
  return wrongTable(
    `several columns could be what is to be learnt: ${listed(each)}`,
    path,
    `name the one of labels, as in --label ${likely.name}${names.length === 0 ? '' : `, or those of values, as in --target ${names.join(',')}`}`,
  );
}
