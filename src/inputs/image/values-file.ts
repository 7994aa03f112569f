/**
 * A CSV file of images and numbers, read as a data set for regression; sample-table.ts has its form.
 *
 *     image,age,weight,split
 *     photos/1.jpg,31,78.5,train
 *
 * Every column beside the first and split is one of numbers, unless the wanted ones are named.
 */
import { type OptionNames, refuseUnknownOptions } from '../../option-names.js';
import { count } from '../../text.js';
import type { LabelledImage } from './image-folder.js';
import {
  assertFilesThere,
  columnAt,
  type SampleTable,
  quoted,
  readSampleTable,
  shortened,
  type TablePart,
  type TableRow,
  wrongTable,
} from '../sample-table.js';
import { IMAGE_FILES } from './image-files.js';

/** An image and the numbers that are to be predicted of it, in the order of the columns. */
export interface ValuedImage extends LabelledImage {
  readonly values: readonly number[];
}

export interface ValuesFile {
  /** Absolute path of the file. */
  readonly path: string;
  /** Names of the columns of numbers. */
  readonly columns: readonly string[];
  /** In the order of the file. `part` is null without a column split. */
  readonly rows: readonly { readonly image: ValuedImage; readonly part: TablePart | null }[];
}

export interface ValuesFileOptions {
  /** The folder that paths are relative to. Default: that of the file. */
  readonly images?: string | undefined;
  /** The columns to read, in this order. Default: all but the first and split. */
  readonly columns?: readonly string[] | undefined;
}

const NAMES: OptionNames<ValuesFileOptions> = { images: true, columns: true };

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
/** A number as many languages write it. */
export const DECIMAL_COMMA = /^[+-]?\d+,\d+$/;
/** What a float32 network can still be asked for. */
const LARGEST = 1e30;
/** More values, each with an output and a chart, are not what anybody wants of an image. */
const MOST_COLUMNS = 1000;

/** Whether a field is a number as `readValuesFile` takes it. */
export function isNumber(text: string): boolean {
  return NUMBER.test(text);
}

/**
 * Reads a file of values. Opens no image, but looks whether it is there.
 *
 * @throws AttuneError 'usage' for an unknown option
 * @throws AttuneError 'input' if the file is missing or cannot be read
 * @throws AttuneError 'data' naming the line if a row is no row of the header, a value no finite number, an image
 *   missing or named twice; and if there are no rows, no such columns, or more than 1,000 of them
 */
export async function readValuesFile(path: string, options: ValuesFileOptions = {}): Promise<ValuesFile> {
  refuseUnknownOptions(options, NAMES, 'readValuesFile');
  const table = await readSampleTable(path, [IMAGE_FILES], options.images);
  const { columns = table.columns } = options;
  const images = await valuedImages(table, columns);
  const rows = images.map((image, i) => ({ image, part: table.rows[i].part }));
  return { path: table.path, columns: columns.map((name) => name.normalize('NFC')), rows };
}

/** The images of some rows, with their numbers in these columns. Throws as `readValuesFile` does. */
export async function valuedImages(
  table: SampleTable,
  names: readonly string[],
  rows: readonly TableRow[] = table.rows,
): Promise<ValuedImage[]> {
  const columns = columnsAt(table, names);
  const images: ValuedImage[] = [];
  for (const { line, path, name, fields } of rows) {
    if (table.pauses.due) await table.pauses.take();
    const values = columns.map((column) =>
      numberIn(fields[column], `line ${line}, column ${table.columns[column]}`, table.path),
    );
    // Without classes all have one label, so that parts and folds, which keep classes in proportion, are plain ones.
    images.push({ path, name, label: 0, values });
  }
  await assertFilesThere(table, rows);
  return images;
}

function columnsAt(table: SampleTable, names: readonly string[]): number[] {
  if (names.length > MOST_COLUMNS) {
    throw wrongTable(
      `there are ${count(names.length)} columns of values, more than ${count(MOST_COLUMNS)}`,
      table.path,
      'name those to learn with --target, or remove columns',
    );
  }
  return names.map((name, i) => {
    if (names.indexOf(name) < i)
      throw wrongTable(`the column ${name} is named twice`, table.path, 'name it once');
    return columnAt(table, name, 'values');
  });
}

function numberIn(text: string, place: string, where: string): number {
  const refuse = (what: string, hint: string) => wrongTable(`${place}: ${what}`, where, hint);
  if (text === '') throw refuse('the value is missing', 'write a number, or remove the line');
  const value = Number(text);
  if (!NUMBER.test(text)) {
    const hint = DECIMAL_COMMA.test(text)
      ? `write it with a point: ${text.replace(',', '.')}`
      : 'write a number such as 3.5, name the columns of numbers with --target, or one of labels with --label';
    throw refuse(`${quoted(text)} is no number`, hint);
  }
  if (Math.abs(value) <= LARGEST) return value;
  throw refuse(`${shortened(text)} is too large`, `give values in a unit in which none is above ${LARGEST}`);
}
