/**
 * A CSV file that names a sample on each line, and in further columns what is to be learnt of it.
 *
 *     image,species,split
 *     photos/1.jpg,ant,train
 *
 * The first column holds paths of files, relative to the file; a column called split may say train, val or test. Fields
 * are separated by commas and may be quoted (RFC 4180), the text is UTF-8 with or without a byte order mark. A row that
 * cannot be used is an error with its line: nothing is left out in silence.
 */
import { stat } from 'node:fs/promises';
import { dirname, extname, resolve } from 'node:path';
import { AttuneError } from '../errors.js';
import { nearest } from '../nearest.js';
import { counted, listed } from '../text.js';
import { Pauses } from '../pauses.js';
import { type CsvRow, readCsv } from './csv.js';
import type { SampleFiles } from './sample-files.js';
import type { SkippedPath } from './walk.js';

/** The parts that the column split names. */
export type TablePart = 'train' | 'val' | 'test';

export interface TableRow {
  /** In the file, from 1. */
  readonly line: number;
  /** Absolute path of the file. */
  readonly path: string;
  /** The path as the file has it, in NFC. */
  readonly name: string;
  /** Null without a column split. */
  readonly part: TablePart | null;
  /** What the columns hold, in their order, without spaces around it. */
  readonly fields: readonly string[];
}

export interface SampleTable {
  /** Absolute path of the file. */
  readonly path: string;
  /** What its rows name, told by the first of them. */
  readonly files: SampleFiles;
  /** The folder that paths are relative to. */
  readonly folder: string;
  /** Names of the columns that can be learnt: all but the first and split. There is at least one. */
  readonly columns: readonly string[];
  /** Whether there is a column split. */
  readonly hasParts: boolean;
  /** In the order of the file. */
  readonly rows: readonly TableRow[];
  /** Those of whoever reads the file and looks through its rows. */
  readonly pauses: Pauses;
}

/** Whether a path is read as a CSV file, and not as a folder: by its name alone. */
export function isCsvFile(path: string): boolean {
  return extname(path).toLowerCase() === '.csv';
}

const SPLIT = 'split';
/** What other tools write as well. */
const PARTS: ReadonlyMap<string, TablePart> = new Map([
  ['train', 'train'],
  ['training', 'train'],
  ['val', 'val'],
  ['valid', 'val'],
  ['validation', 'val'],
  ['test', 'test'],
]);

/** Files that are looked for at once. */
const AT_ONCE = 64;
const MOST_SHOWN = 40;

/**
 * Reads a file; whether what it names is there, `assertFilesThere` says.
 *
 * @param known what its rows may name; where nothing tells, they name the first
 * @param images the folder that paths are relative to; default: that of the file
 * @param signal ends it, and what is done with the table until its data set is known, with AttuneError 'interrupted'
 * @throws AttuneError 'input' if the file is missing or cannot be read
 * @throws AttuneError 'data' naming the line if a row is no row of the header, its path is missing or that of another
 *   row, or its part is none; and if there are no rows, or no column beside those of the paths and their parts
 */
export async function readSampleTable(
  path: string,
  known: readonly SampleFiles[],
  images?: string | undefined,
  signal?: AbortSignal | undefined,
): Promise<SampleTable> {
  const pauses = new Pauses(signal);
  const file = resolve(path);
  const folder = images === undefined ? dirname(file) : resolve(images);
  const { header, rows: records } = await readCsv(file, pauses);
  refuseWithoutHeader(header, known, file);
  const files = filesOf(records[0]?.fields[0] ?? '', known) ?? known[0];
  const { one, many } = files;
  const split = splitColumn(header, file);
  const kept = header.map((_, column) => column).filter((column) => column > 0 && column !== split);
  if (kept.length === 0) {
    throw wrongTable(
      `there is no column beside that of the ${many}`,
      file,
      `write a header such as ${one},label or ${one},age, and what is to be learnt behind each path`,
    );
  }
  const rows: TableRow[] = [];
  for (const record of records) {
    if (pauses.due) await pauses.take();
    const { line, fields } = record;
    const name = fields[0].normalize('NFC');
    if (name === '')
      throw wrongTable(`line ${line} names no ${one}`, file, 'write its path, or remove the line');
    rows.push({
      line,
      path: resolve(folder, fields[0]),
      name,
      part: split < 0 ? null : partOf(record, split, many, file),
      fields: kept.map((column) => fields[column]),
    });
  }
  await refuseTwice(rows, one, file, pauses);
  const columns = kept.map((column) => header[column]);
  return { path: file, files, folder, columns, hasParts: split >= 0, rows, pauses };
}

/** Read as a header, the first row would be lost, and what it holds would be the names of columns. */
function refuseWithoutHeader([first]: readonly string[], known: readonly SampleFiles[], where: string): void {
  const files = filesOf(first, known);
  if (files === undefined) return;
  throw wrongTable(
    `the first line is no header but names ${files.withArticle}`,
    where,
    `write a header such as ${files.one},label above it`,
  );
}

/** What a file is by its name; undefined where that does not tell. */
function filesOf(path: string, known: readonly SampleFiles[]): SampleFiles | undefined {
  const extension = extname(path).toLowerCase();
  return known.find(({ extensions }) => extensions.has(extension));
}

/** Where the column split stands; -1 without one. */
function splitColumn(header: readonly string[], where: string): number {
  const found = [...header.keys()].filter((column) => header[column].toLowerCase() === SPLIT);
  if (found.length < 2) return found[0] ?? -1;
  const names = found.map((column) => header[column]).join(' and ');
  throw wrongTable(`the columns ${names} both say which part a row is of`, where, 'rename one of them');
}

function partOf({ line, fields }: CsvRow, split: number, many: string, where: string): TablePart {
  const part = PARTS.get(fields[split].toLowerCase());
  if (part !== undefined) return part;
  throw wrongTable(
    `line ${line}, column split: ${quoted(fields[split])} is no part of the ${many}`,
    where,
    'write train, val or test',
  );
}

async function refuseTwice(
  rows: readonly TableRow[],
  one: string,
  where: string,
  pauses: Pauses,
): Promise<void> {
  const lines = new Map<string, number>();
  for (const { line, path, name } of rows) {
    if (pauses.due) await pauses.take();
    const first = lines.get(path);
    if (first !== undefined) {
      throw wrongTable(
        `line ${line} names the ${one} of line ${first} again, ${name}`,
        where,
        'keep one of them',
      );
    }
    lines.set(path, line);
  }
}

/** The rows by what trains, validates and tests. */
export interface TableParts {
  readonly train: readonly TableRow[];
  /** Null where neither a column nor a file says which rows validate. */
  readonly val: readonly TableRow[] | null;
  /** Null where the column names none. */
  readonly test: readonly TableRow[] | null;
  readonly skipped: readonly SkippedPath[];
}

/**
 * Tells the parts of a table. Without a column split all rows train.
 *
 * @param val a table to validate with: the rows that it says validate, or all where it says nothing
 * @throws AttuneError 'data' if no row trains, or none of `val` validates; 'usage' if both tables have rows to validate
 *   with, or a sample of `val` trains
 */
export function partsOf(table: SampleTable, val: SampleTable | null = null): TableParts {
  const of = (rows: readonly TableRow[], wanted: TablePart) => rows.filter(({ part }) => part === wanted);
  const orNull = (rows: readonly TableRow[]) => (rows.length === 0 ? null : rows);
  const train = table.hasParts ? of(table.rows, 'train') : table.rows;
  if (train.length === 0) {
    throw wrongTable(
      'the column split names no row to train with',
      table.path,
      'write train in some of its rows',
    );
  }
  const own = orNull(of(table.rows, 'val'));
  const test = orNull(of(table.rows, 'test'));
  if (val === null) return { train, val: own, test, skipped: [] };
  const refuse = (what: string, hint: string) =>
    new AttuneError({ code: 'usage', what, where: '--val', hint });
  if (own !== null)
    throw refuse('the column split has rows to validate with, too', 'leave one of the two out');
  const named = val.hasParts ? of(val.rows, 'val') : val.rows;
  if (named.length === 0) {
    const hint = 'write val in some of its rows, or leave the column out';
    throw wrongTable('the column split names no row to validate with', val.path, hint);
  }
  const trained = new Set(train.map(({ path }) => path));
  const twice = named.find(({ path }) => trained.has(path));
  if (twice !== undefined)
    throw refuse(
      `${twice.name} is among the training ${table.files.many}, too`,
      `validate with other ${table.files.many}`,
    );
  const rest = val.rows.length - named.length;
  const reason = `${counted(rest, 'row')} of other parts, which do not validate`;
  return { train, val: named, test, skipped: rest === 0 ? [] : [{ path: val.path, reason }] };
}

/** Throws AttuneError 'data' with the line of the first path that is no file, and how many more there are. */
export async function assertFilesThere(
  { files, folder, path: where, pauses }: SampleTable,
  rows: readonly TableRow[],
): Promise<void> {
  const missing: TableRow[] = [];
  for (let start = 0; start < rows.length; start += AT_ONCE) {
    pauses.throwIfAborted();
    const some = rows.slice(start, start + AT_ONCE);
    const found = await Promise.all(
      some.map(async ({ path }) => (await stat(path).catch(() => null))?.isFile() ?? false),
    );
    for (const [i, one] of some.entries()) if (!found[i]) missing.push(one);
  }
  if (missing.length === 0) return;
  const [{ line, path }] = missing;
  const more = missing.length === 1 ? '' : `, and ${missing.length - 1} more are missing`;
  throw wrongTable(
    `line ${line}: there is no ${files.one} ${path}${more}`,
    where,
    `paths are relative to ${folder}; --images names another folder`,
  );
}

/** Where a column stands among those of the table. Throws AttuneError 'data', with the nearest name, if it is none. */
export function columnAt({ columns, path }: SampleTable, name: string, kind: string): number {
  const at = columns.indexOf(name.normalize('NFC'));
  if (at >= 0) return at;
  const guess = nearest(name, columns);
  const hint = guess === undefined ? `its columns are ${listed(columns)}` : `did you mean ${guess}?`;
  throw wrongTable(`there is no column of ${kind} called ${JSON.stringify(name)}`, path, hint);
}

/** A field as an error shows it. */
export function shortened(text: string): string {
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
}

/** The same in quotes. */
export function quoted(text: string): string {
  return JSON.stringify(shortened(text));
}

/** An error about what a file holds. */
export function wrongTable(what: string, where: string, hint: string): AttuneError {
  return new AttuneError({ code: 'data', what, where, hint });
}
