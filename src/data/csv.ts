/** A CSV file with a header, as rows of text: csv-parse reads it, and its errors become sentences with a line. */
import { readFile, stat } from 'node:fs/promises';
import { CsvError, parse } from 'csv-parse/sync';
import { AttuneError } from '../errors.js';
import { hintForMissing } from '../formats/index.js';
import { formatBytes } from './disk.js';

export interface CsvRow {
  /** In the file, from 1; that in which the row ends, as a quoted field may have several. */
  readonly line: number;
  /** As many as the header has, without spaces around them. */
  readonly fields: readonly string[];
}

export interface Csv {
  /** Names of the columns in NFC, none of them empty and none twice. */
  readonly header: readonly string[];
  readonly rows: readonly CsvRow[];
}

/** More is no list of images that fits beside them: it is read as a whole. */
const MOST_BYTES = 64e6;
/** A longer row is no list of a few columns, or has a quote that was never closed. */
const MOST_ROW_BYTES = 1e6;
const LINE_FEED = 10;

/**
 * Reads a file. Throws AttuneError 'input' if it is missing, no regular file or too large, 'data' naming the line if it
 * is no CSV in UTF-8, and if it has no rows, or a header whose names are not distinct.
 */
export async function readCsv(path: string): Promise<Csv> {
  const rows = parseRows(decode(await readBytes(path), path), path);
  const header = (rows.shift()?.fields ?? []).map((name) => name.normalize('NFC'));
  checkHeader(header, path);
  if (rows.length > 0) return { header, rows };
  throw wrong('there are no rows below the header', path, 'write a line for each image');
}

async function readBytes(path: string): Promise<Uint8Array> {
  const status = await stat(path).catch((error: NodeJS.ErrnoException) => error);
  if (status instanceof Error) {
    const isMissing = status.code === 'ENOENT' || status.code === 'ENOTDIR';
    const what = isMissing ? 'there is no such file' : `the file cannot be read: ${status.code}`;
    const hint = isMissing ? await hintForMissing(path, 'check the path') : 'check its permissions';
    throw new AttuneError({ code: 'input', what, where: path, hint }, { cause: status });
  }
  const refuse = (what: string, hint: string) => new AttuneError({ code: 'input', what, where: path, hint });
  if (status.isDirectory())
    throw refuse('this is a folder, and its name that of a CSV file', 'rename it, or name the file');
  // A pipe could be read once only, and for ever.
  if (!status.isFile())
    throw refuse('this is no regular file, and its name that of a CSV file', 'write the rows into a file');
  if (status.size > MOST_BYTES) {
    const sizes = `${formatBytes(status.size)}, more than ${formatBytes(MOST_BYTES)}`;
    throw refuse(`the file has ${sizes}`, 'leave out columns that are not needed, or rows');
  }
  return readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw refuse(`the file cannot be read: ${error.code}`, 'check its permissions');
  });
}

/** UTF-8; a byte order mark is taken off. */
function decode(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    const line = lineOfFault(bytes);
    throw wrong(`the text of line ${line} is not UTF-8`, path, 'save it as CSV in UTF-8', error);
  }
}

/** The first line that is not UTF-8: a line break is never part of another character. */
function lineOfFault(bytes: Uint8Array): number {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let line = 1;
  for (let start = 0; start < bytes.length; line++) {
    const end = bytes.indexOf(LINE_FEED, start);
    const next = end < 0 ? bytes.length : end + 1;
    try {
      decoder.decode(bytes.subarray(start, next));
    } catch {
      return line;
    }
    start = next;
  }
  return line;
}

function parseRows(text: string, path: string): CsvRow[] {
  const rows: CsvRow[] = [];
  try {
    parse(text, {
      skip_empty_lines: true,
      trim: true,
      max_record_size: MOST_ROW_BYTES,
      // Collected here, as the list that is returned holds more than is needed of each row.
      on_record(fields: string[], { lines }) {
        rows.push({ line: lines, fields });
        return null;
      },
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw faulty(error, path, text, rows);
  }
  return rows;
}

/** What csv-parse found behind the rows that it could read, in this project's words. */
function faulty(error: CsvError, path: string, text: string, rows: readonly CsvRow[]): AttuneError {
  const header = rows[0]?.fields ?? [];
  checkSeparator(header, path);
  const at = Number(error['lines']);
  const line = `line ${at}`;
  switch (error.code) {
    case 'CSV_RECORD_INCONSISTENT_FIELDS_LENGTH': {
      const record = error['record'];
      const found = Array.isArray(record) ? record.length : 'other';
      return wrong(
        `${line} has ${found} ${found === 1 ? 'field' : 'fields'}, and the header ${header.length}`,
        path,
        'a field with a comma in it stands in quotes',
        error,
      );
    }
    case 'CSV_QUOTE_NOT_CLOSED':
    case 'CSV_MAX_RECORD_SIZE': {
      const first = firstOf(text, rows.at(-1)?.line ?? 0);
      // Only within quotes does a row go on in the next line.
      if (error.code === 'CSV_MAX_RECORD_SIZE' && at === first) {
        const most = formatBytes(MOST_ROW_BYTES);
        return wrong(
          `line ${first} has more than ${most}`,
          path,
          'leave out columns that are not needed',
          error,
        );
      }
      return wrong(`a quote in the row that begins on line ${first} is not closed`, path, 'close it', error);
    }
    default:
      return wrong(
        `${line} has a quote inside a field`,
        path,
        'put the whole field in quotes, and write a quote in it twice',
        error,
      );
  }
}

/** The line on which the row behind line `last` begins: empty ones are skipped. */
function firstOf(text: string, last: number): number {
  const lines = text.split(/\r\n|\n|\r/);
  const begun = lines.findIndex((line, i) => i >= last && line.trim() !== '');
  return begun < 0 ? lines.length : begun + 1;
}

function checkHeader(header: readonly string[], path: string): void {
  checkSeparator(header, path);
  if (header.length === 0) throw wrong('the file is empty', path, 'write a header such as image,age');
  const names = new Set<string>();
  for (const [i, name] of header.entries()) {
    if (name === '') throw wrong(`column ${i + 1} has no name in the header`, path, 'name it, or remove it');
    if (names.has(name)) {
      throw wrong(`the header has the column ${JSON.stringify(name)} twice`, path, 'rename one of them');
    }
    names.add(name);
  }
}

/** Spreadsheets of some languages write semicolons. */
function checkSeparator(header: readonly string[], path: string): void {
  if (header.length !== 1 || !/[;\t]/.test(header[0])) return;
  throw wrong('fields are not separated by commas', path, 'save the file with commas between its fields');
}

function wrong(what: string, where: string, hint: string, cause?: unknown): AttuneError {
  return new AttuneError({ code: 'data', what, where, hint }, { cause });
}
