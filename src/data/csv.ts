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
  /** Names of the columns, none of them empty and none twice. */
  readonly header: readonly string[];
  readonly rows: readonly CsvRow[];
}

/** More is no list of images that fits beside them: it is read as a whole. */
const MOST_BYTES = 64e6;
/** A longer row is a quote that was never closed. */
const MOST_ROW_BYTES = 1e6;

/**
 * Reads a file. Throws AttuneError 'input' if it is missing, no file or too large, 'data' if it is no CSV, has no rows,
 * or a header whose names are not distinct.
 */
export async function readCsv(path: string): Promise<Csv> {
  const rows = parseRows(decode(await readBytes(path), path), path);
  const header = rows.shift()?.fields ?? [];
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
  if (!status.isFile())
    throw refuse('this is a folder, and its name that of a CSV file', 'rename it, or name the file');
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
    throw wrong('the text is not UTF-8', path, 'save it as CSV in UTF-8', error);
  }
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
    throw faulty(error, path, rows[0]?.fields ?? []);
  }
  return rows;
}

/** What csv-parse found, in this project's words. */
function faulty(error: CsvError, path: string, header: readonly string[]): AttuneError {
  checkSeparator(header, path);
  const line = `line ${String(error['lines'])}`;
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
    case 'CSV_MAX_RECORD_SIZE':
      return wrong(`a quote that opens on ${line} is not closed`, path, 'close it', error);
    default:
      return wrong(
        `${line} has a quote inside a field`,
        path,
        'put the whole field in quotes, and write a quote in it twice',
        error,
      );
  }
}

function checkHeader(header: readonly string[], path: string): void {
  checkSeparator(header, path);
  if (header.length === 0) throw wrong('the file is empty', path, 'write a header such as image,age');
  for (const [i, name] of header.entries()) {
    if (name === '') throw wrong(`column ${i + 1} has no name in the header`, path, 'name it, or remove it');
    if (header.indexOf(name) < i) {
      throw wrong(`the header has the column ${JSON.stringify(name)} twice`, path, 'rename one of them');
    }
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
