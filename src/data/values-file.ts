/**
 * A CSV file of images and numbers, read as a data set for regression.
 *
 *     image,age,weight,split
 *     photos/1.jpg,31,78.5,train
 *
 * The first column holds paths of images, relative to the file; a column called split may say train, val or test; every
 * other column is one of numbers, unless the wanted ones are named. Fields are separated by commas and may be quoted
 * (RFC 4180), the text is UTF-8 with or without a byte order mark. A row that cannot be used is an error with its line:
 * nothing is left out in silence.
 */
import { stat } from 'node:fs/promises';
import { dirname, extname, resolve } from 'node:path';
import { AttuneError } from '../errors.js';
import { nearest } from '../nearest.js';
import { type OptionNames, refuseUnknownOptions } from '../option-names.js';
import { type CsvRow, readCsv } from './csv.js';
import type { LabelledImage } from './image-folder.js';
import { imageExtensions } from './sniff.js';

/** An image and the numbers that are to be predicted of it, in the order of the columns. */
export interface ValuedImage extends LabelledImage {
  readonly values: readonly number[];
}

/** The parts that the column split names. */
export type ValuesPart = 'train' | 'val' | 'test';

export interface ValuesFile {
  /** Absolute path of the file. */
  readonly path: string;
  /** Names of the columns of numbers. */
  readonly columns: readonly string[];
  /** In the order of the file. `part` is null without a column split. */
  readonly rows: readonly { readonly image: ValuedImage; readonly part: ValuesPart | null }[];
}

export interface ValuesFileOptions {
  /** The folder that paths are relative to. Default: that of the file. */
  readonly images?: string | undefined;
  /** The columns to read, in this order. Default: all but the first and split. */
  readonly columns?: readonly string[] | undefined;
}

const NAMES: OptionNames<ValuesFileOptions> = { images: true, columns: true };

/** Whether a path is read as a file of values, and not as a folder: by its name alone. */
export function isValuesFile(path: string): boolean {
  return extname(path).toLowerCase() === '.csv';
}

const PARTS: Readonly<Record<string, ValuesPart>> = {
  train: 'train',
  training: 'train',
  val: 'val',
  valid: 'val',
  validation: 'val',
  test: 'test',
};

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
/** What a float32 network can still be asked for. */
const LARGEST = 1e30;
/** Files that are looked for at once. */
const AT_ONCE = 64;

/**
 * Reads a file of values. Opens no image, but looks whether it is there.
 *
 * @throws AttuneError 'usage' for an unknown option
 * @throws AttuneError 'input' if the file is missing or cannot be read
 * @throws AttuneError 'data' naming the line if a row is no row of the header, a value no finite number, an image
 *   missing or named twice; and if there are no rows, or no such columns
 */
export async function readValuesFile(path: string, options: ValuesFileOptions = {}): Promise<ValuesFile> {
  refuseUnknownOptions(options, NAMES, 'readValuesFile');
  const file = resolve(path);
  const folder = options.images === undefined ? dirname(file) : resolve(options.images);
  const { header, rows: records } = await readCsv(file);
  refuseWithoutHeader(header, file);
  const split = header.findIndex((name) => name.toLowerCase() === 'split');
  const columns = chooseColumns(header, split, options.columns, file);
  const rows = records.map((row) => ({
    line: row.line,
    image: imageOf(row, header, columns, folder, file),
    part: split < 0 ? null : partOf(row, split, file),
  }));
  refuseTwice(rows, file);
  await refuseMissing(rows, folder, file);
  const names = columns.map((column) => header[column]);
  return { path: file, columns: names, rows: rows.map(({ image, part }) => ({ image, part })) };
}

/** Read as a header, the first row would be lost, and its values would be the names of columns. */
function refuseWithoutHeader([first]: readonly string[], where: string): void {
  if (!imageExtensions.has(extname(first).toLowerCase())) return;
  throw wrong(
    'the first line is no header but names an image',
    where,
    'write a header such as image,age above it',
  );
}

/** Positions of the columns to read. */
function chooseColumns(
  header: readonly string[],
  split: number,
  wanted: readonly string[] | undefined,
  where: string,
): number[] {
  const known = header.map((_, column) => column).filter((column) => column > 0 && column !== split);
  if (known.length === 0) {
    throw wrong(
      'there is no column of values',
      where,
      'write a header such as image,age, and a value behind each path',
    );
  }
  if (wanted === undefined) return known;
  return wanted.map((name, i) => {
    if (wanted.indexOf(name) < i) throw wrong(`the column ${name} is named twice`, where, 'name it once');
    const column = known.find((candidate) => header[candidate] === name);
    if (column !== undefined) return column;
    const names = known.map((candidate) => header[candidate]);
    const guess = nearest(name, names);
    const hint = guess === undefined ? `its columns are ${listed(names)}` : `did you mean ${guess}?`;
    throw wrong(`there is no column of values called ${JSON.stringify(name)}`, where, hint);
  });
}

function imageOf(
  { line, fields }: CsvRow,
  header: readonly string[],
  columns: readonly number[],
  folder: string,
  where: string,
): ValuedImage {
  const name = fields[0].normalize('NFC');
  if (name === '') throw wrong(`line ${line} names no image`, where, 'write its path, or remove the line');
  const values = columns.map((column) =>
    numberIn(fields[column], `line ${line}, column ${header[column]}`, where),
  );
  // Of no class: all have the same label, so that parts and folds, which keep classes in proportion, are plain ones.
  return { path: resolve(folder, fields[0]), name, label: 0, values };
}

function numberIn(text: string, place: string, where: string): number {
  const refuse = (what: string, hint: string) => wrong(`${place}: ${what}`, where, hint);
  if (text === '') throw refuse('the value is missing', 'write a number, or remove the line');
  const value = Number(text);
  if (!NUMBER.test(text)) {
    const comma = /^[+-]?\d+,\d+$/.test(text);
    const hint = comma
      ? `write it with a point: ${text.replace(',', '.')}`
      : 'write a number such as 3.5, or name the columns of numbers with --target; classes are folders of images, not a CSV file';
    throw refuse(`${JSON.stringify(shortened(text))} is no number`, hint);
  }
  if (Math.abs(value) <= LARGEST) return value;
  throw refuse(`${shortened(text)} is too large`, `give values in a unit in which none is above ${LARGEST}`);
}

function partOf({ line, fields }: CsvRow, split: number, where: string): ValuesPart {
  const part = PARTS[fields[split].toLowerCase()];
  if (part !== undefined) return part;
  throw wrong(
    `line ${line}, column split: ${JSON.stringify(shortened(fields[split]))} is no part of the images`,
    where,
    'write train, val or test',
  );
}

type Row = { readonly line: number; readonly image: ValuedImage };

function refuseTwice(rows: readonly Row[], where: string): void {
  const lines = new Map<string, number>();
  for (const { line, image } of rows) {
    const first = lines.get(image.path);
    if (first !== undefined) {
      throw wrong(
        `line ${line} names the image of line ${first} again, ${image.name}`,
        where,
        'keep one of them',
      );
    }
    lines.set(image.path, line);
  }
}

async function refuseMissing(rows: readonly Row[], folder: string, where: string): Promise<void> {
  const missing: Row[] = [];
  for (let start = 0; start < rows.length; start += AT_ONCE) {
    const some = rows.slice(start, start + AT_ONCE);
    const found = await Promise.all(
      some.map(async ({ image }) => (await stat(image.path).catch(() => null))?.isFile() ?? false),
    );
    missing.push(...some.filter((_, i) => !found[i]));
  }
  if (missing.length === 0) return;
  const [{ line, image }] = missing;
  const more = missing.length === 1 ? '' : `, and ${missing.length - 1} more are missing`;
  throw wrong(
    `line ${line}: there is no image ${image.path}${more}`,
    where,
    `paths are relative to ${folder}; --images names another folder`,
  );
}

function listed(names: readonly string[]): string {
  return names.length > 10
    ? `${names.slice(0, 10).join(', ')} and ${names.length - 10} more`
    : names.join(', ');
}

function shortened(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

function wrong(what: string, where: string, hint: string): AttuneError {
  return new AttuneError({ code: 'data', what, where, hint });
}
