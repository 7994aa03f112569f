/**
 * Which columns of a CSV file are learnt, and as what, where nobody says so.
 *
 * One column of text is one of labels, one of fractions one of values. Whole numbers can be either: a digit is a label, an
 * age is a value. They are labels where the column says so by its name (label, class, category), or where there are at
 * most 20 different ones, each on two lines or more on average; a classifier of more numbers would rather be asked for.
 * Several columns are learnt together where all are values; where labels are among them, the one that says so by its name
 * is learnt alone. Whatever else there is, is refused with what to type: a guess would be an answer to another question.
 */
import type { AttuneError } from '../../errors.js';
import { counted, listed } from '../../text.js';
import { type SampleTable, quoted, wrongTable } from '../sample-table.js';
import { DECIMAL_COMMA, isNumber } from './values-file.js';

/** The columns that a recipe names, of labels or of values; both null where none is named. */
export interface NamedColumns {
  readonly label: string | null;
  readonly target: readonly string[] | null;
}

/** Columns that the file speaks for. */
export interface ColumnChoice {
  readonly columns: readonly string[];
  /** What was taken for what, and how to have it otherwise; null where nothing else was possible. */
  readonly note: string | null;
}

/** Whole numbers up to which they are taken as labels. */
const MOST_NUMBERS = 20;
/** Texts up to which nobody asks whether they are labels. */
const FEW_TEXTS = 20;
/** A label is on as many lines on average. */
const LINES_OF_LABEL = 2;

/** `label`, `class_id`, `Categories`: as a word of its own. */
const LABEL_NAME = /(?:^|[^\p{L}])(?:labels?|class(?:es)?|categor(?:y|ies))(?:[^\p{L}]|$)/iu;

/** What each column of a table holds, by which the tasks choose theirs. */
export async function contentsOf(table: SampleTable): Promise<ColumnContent[]> {
  const contents: ColumnContent[] = [];
  for (const column of table.columns.keys()) contents.push(await contentOf(table, column));
  return contents;
}

/**
 * The column of labels: the one that says so by its name, or that is alone. Null where none is clearly one.
 *
 * @param isOfLabels whether a column may be one, by what it holds
 */
export function namedColumn(
  contents: readonly ColumnContent[],
  isOfLabels: (content: ColumnContent) => boolean,
): ColumnContent | null {
  const labels = contents.filter(isOfLabels);
  const named = labels.filter(({ name }) => LABEL_NAME.test(name));
  if (named.length === 1) return named[0];
  return contents.length === 1 && labels.length === 1 ? labels[0] : null;
}

/** The column of labels that the file speaks for; null without one. */
export function labelColumn(contents: readonly ColumnContent[]): ColumnChoice | null {
  const found = namedColumn(contents, (content) => looksLike(content) === 'labels');
  return found && labelsOf(found, contents);
}

/** The columns of values: all, where each looks like one. Null otherwise. */
export function valueColumns(contents: readonly ColumnContent[]): ColumnChoice | null {
  return contents.every((content) => looksLike(content) === 'values') ? valuesOf(contents) : null;
}

/** The error about a file that does not say clearly enough what is to be learnt. */
export function unclearColumns(contents: readonly ColumnContent[], table: SampleTable): AttuneError {
  return contents.length === 1 ? unclear(contents[0], table) : severalKinds(contents, table);
}

/** What a column holds, missing fields aside. */
export interface ColumnContent {
  readonly name: string;
  readonly kind: 'text' | 'whole' | 'fractions' | 'mixed' | 'nothing';
  /** Different texts, or numbers. */
  readonly different: number;
  readonly filled: number;
  /** The line of the first text; null without one. */
  readonly textLine: number | null;
  readonly text: string;
}

async function contentOf({ columns, rows, pauses }: SampleTable, column: number): Promise<ColumnContent> {
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

function looksLike({ name, kind, different, filled }: ColumnContent): 'labels' | 'values' | 'unclear' {
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

function labelsOf(content: ColumnContent, all: readonly ColumnContent[]): ColumnChoice {
  const { name, kind } = content;
  const otherwise = kind === 'whole' ? `; --target ${name} takes them as values` : '';
  const note = `Column ${name} holds ${described(content)}, taken as labels${otherwise}.${unusedNote(content, all)}`;
  return { columns: [name], note };
}

/** ` Not used: notes.` Nothing where the column is alone. */
export function unusedNote(content: ColumnContent, all: readonly ColumnContent[]): string {
  const others = all.filter((other) => other !== content).map((other) => other.name);
  return others.length === 0 ? '' : ` Not used: ${listed(others)}.`;
}

function valuesOf(contents: readonly ColumnContent[]): ColumnChoice {
  const whole = contents.filter(({ kind }) => kind === 'whole');
  const notes = whole.map((content) => `${content.name} holds ${described(content)}`);
  const note =
    whole.length === 0
      ? null
      : `Column ${listed(notes)}, taken as values; --label ${whole[0].name} takes ${whole.length === 1 ? 'them' : 'those of one'} as labels.`;
  return { columns: contents.map(({ name }) => name), note };
}

/** `12 different whole numbers` */
function described({ kind, different }: ColumnContent): string {
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
function unclear(content: ColumnContent, { path }: SampleTable): AttuneError {
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
function severalKinds(contents: readonly ColumnContent[], { path }: SampleTable): AttuneError {
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
