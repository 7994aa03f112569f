/**
 * A CSV file of images and labels, read as what a folder of class folders gives; sample-table.ts has its form.
 *
 *     image,species,split
 *     photos/1.jpg,ant,train
 *
 * The classes are the labels of the training rows, in NFC: sorted by code point as folders are, or, where all are whole
 * numbers, by their size, so that labels 0, 1, 2, ... are the outputs of the network. The other rows are mapped to them
 * by name.
 */
import { listed } from '../../text.js';
import { AttuneError } from '../../errors.js';
import { nearest } from '../../nearest.js';
import { type OptionNames, refuseUnknownOptions } from '../../option-names.js';
import { contentsOf, labelColumn, unclearColumns, valueColumns } from './choose-columns.js';
import type { ImageFolder, LabelledImage } from './image-folder.js';
import {
  assertFilesThere,
  columnAt,
  type SampleTable,
  partsOf,
  quoted,
  readSampleTable,
  type TableRow,
  wrongTable,
} from '../sample-table.js';
import { IMAGE_FILES } from './image-files.js';
import { sorted } from '../sorted.js';
import { compareCodePoints } from '../walk.js';

export interface LabelsFileOptions {
  /** The folder that paths are relative to. Default: that of the file. */
  readonly images?: string | undefined;
  /** The column of labels. Default: the one that holds labels by its looks (choose-columns.ts). */
  readonly label?: string | undefined;
  /** Another file, whose rows validate. */
  readonly val?: string | undefined;
}

const NAMES: OptionNames<LabelsFileOptions> = { images: true, label: true, val: true };

const WHOLE = /^[+-]?\d+$/;

/**
 * Reads a file of labels; `root` is its path. Opens no image, but looks whether it is there.
 *
 * @throws AttuneError 'usage' for an unknown option, and where `val` names images that train
 * @throws AttuneError 'input' if a file is missing or cannot be read
 * @throws AttuneError 'data' naming the line if a row is no row of the header, its label missing or, of a row that does not
 *   train, unknown, an image missing or named twice; if there are no rows, no such column, or none that holds labels by its
 *   looks; and for fewer than two classes
 */
export async function readLabelsFile(path: string, options: LabelsFileOptions = {}): Promise<ImageFolder> {
  refuseUnknownOptions(options, NAMES, 'readLabelsFile');
  const { images, val } = options;
  const table = await readSampleTable(path, [IMAGE_FILES], images);
  const label = options.label ?? (await labelColumnOf(table));
  return labelsIn(table, label, val === undefined ? null : await readSampleTable(val, [IMAGE_FILES], images));
}

/** The column that the file speaks for. Throws AttuneError 'data' without one. */
async function labelColumnOf(table: SampleTable): Promise<string> {
  const contents = await contentsOf(table);
  const found = labelColumn(contents);
  if (found !== null) return found.columns[0];
  if (valueColumns(contents) === null) throw unclearColumns(contents, table);
  throw wrongTable(
    `its columns hold values: ${listed(table.columns)}`,
    table.path,
    'name the column of labels, or read them with readValuesFile',
  );
}

/** The same of tables that are read already. */
export async function labelsIn(
  table: SampleTable,
  label: string,
  valTable: SampleTable | null,
): Promise<ImageFolder> {
  const { train, val, test, skipped } = partsOf(table, valTable);
  const classes = await classesOf(table, label, train);
  const of = (rows: readonly TableRow[], from = table) =>
    labelled(from, label, { classes, where: 'training' }, rows);
  const folder = {
    root: table.path,
    classes,
    train: await of(train),
    val: val && (await of(val, valTable ?? table)),
    test: test && (await of(test)),
    skipped,
  };
  await assertFilesThere(table, table.rows);
  if (valTable !== null && val !== null) await assertFilesThere(valTable, val);
  return folder;
}

/** The classes that labels are of, and who has them, for the error about another one. */
export interface KnownClasses {
  readonly classes: readonly string[];
  readonly where: string;
}

/** The images of some rows, sorted by class and then by name. Throws as `readLabelsFile` does. */
export async function labelledImages(
  table: SampleTable,
  label: string,
  known: KnownClasses,
  rows: readonly TableRow[] = table.rows,
): Promise<LabelledImage[]> {
  const images = await labelled(table, label, known, rows);
  await assertFilesThere(table, rows);
  return images;
}

async function labelled(
  table: SampleTable,
  label: string,
  { classes, where }: KnownClasses,
  rows: readonly TableRow[],
): Promise<LabelledImage[]> {
  const indices = new Map(classes.map((name, index) => [name, index]));
  const column = columnAt(table, label, 'labels');
  const images: LabelledImage[] = [];
  for (const row of rows) {
    if (table.pauses.due) await table.pauses.take();
    const text = labelOf(row, column, table);
    const index = indices.get(text);
    if (index !== undefined) {
      images.push({ path: row.path, name: row.name, label: index });
      continue;
    }
    const guess = nearest(text, classes);
    throw wrongTable(
      `line ${row.line}, column ${table.columns[column]}: ${where} has no class ${quoted(text)}`,
      table.path,
      guess === undefined ? `its classes are ${listed(classes)}` : `did you mean ${guess}?`,
    );
  }
  return sorted(images, (a, b) => a.label - b.label || compareCodePoints(a.name, b.name), table.pauses);
}

async function classesOf(table: SampleTable, label: string, rows: readonly TableRow[]): Promise<string[]> {
  const column = columnAt(table, label, 'labels');
  const lines = new Map<string, number>();
  for (const row of rows) {
    if (table.pauses.due) await table.pauses.take();
    const text = labelOf(row, column, table);
    if (!lines.has(text)) lines.set(text, row.line);
  }
  const classes = [...lines.keys()];
  if (classes.length < 2) {
    throw new AttuneError({
      code: 'data',
      what: `there is one class only, ${quoted(classes[0])}, in the column ${table.columns[column]}`,
      where: table.path,
      hint: 'a classifier needs at least two; --label names another column',
    });
  }
  await refuseTwoSpellings(lines, table, column);
  const areNumbers = classes.every((text) => WHOLE.test(text));
  return sorted(classes, areNumbers ? (a, b) => Number(a) - Number(b) : compareCodePoints, table.pauses);
}

/** As 1 and 1.0 or 01, they would be two classes. */
async function refuseTwoSpellings(
  lines: ReadonlyMap<string, number>,
  table: SampleTable,
  column: number,
): Promise<void> {
  // By the text of the number: hashes of numbers can be foreseen, and a map of chosen ones takes hours.
  const spellings = new Map<string, string>();
  for (const [text, line] of lines) {
    if (table.pauses.due) await table.pauses.take();
    if (Number.isNaN(Number(text))) continue;
    const number = String(Number(text));
    const other = spellings.get(number);
    if (other !== undefined) {
      throw wrongTable(
        `line ${line}, column ${table.columns[column]}: ${quoted(text)} is the number ${quoted(other)} of line ${lines.get(other)}, spelled in another way`,
        table.path,
        'spell each label in one way',
      );
    }
    spellings.set(number, text);
  }
}

function labelOf({ line, fields }: TableRow, column: number, { columns, path }: SampleTable): string {
  const text = fields[column].normalize('NFC');
  const refuse = (what: string, hint: string) =>
    wrongTable(`line ${line}, column ${columns[column]}: ${what}`, path, hint);
  if (text === '') throw refuse('the label is missing', 'write a label, or remove the line');
  if (!text.includes(';')) return text;
  throw refuse(
    `${quoted(text)} names several labels`,
    'an image has one label; write one, without a semicolon',
  );
}
