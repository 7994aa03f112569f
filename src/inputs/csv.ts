/** A CSV file with a header, as rows of text: csv-parse reads it, and its errors become sentences with a line. */
import { readFile, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CsvError, parse } from 'csv-parse';
import { AttuneError } from '../errors.js';
import { hintForMissing } from '../formats/index.js';
import type { Pauses } from '../pauses.js';
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
/** More would fill the memory before anybody knows whether they name images. */
const MOST_ROWS = 2e6;
/** Bytes that are looked at between two questions for a pause: a millisecond of work, or two. */
const PIECE = 2 ** 14;
const [LINE_FEED, CARRIAGE_RETURN, SPACE, TAB] = [10, 13, 32, 9];

/**
 * Reads a file. Throws AttuneError 'input' if it is missing, no regular file or too large, 'data' naming the line if it
 * is no CSV in UTF-8, and if it has no rows, more than 2 million, or a header whose names are not distinct; 'interrupted'
 * at a pause.
 */
export async function readCsv(path: string, pauses: Pauses): Promise<Csv> {
  const bytes = await readBytes(path);
  await checkText(bytes, path, pauses);
  const rows = await parseRows(bytes, path, pauses);
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

/** Refuses what is not UTF-8, with its line. */
async function checkText(bytes: Uint8Array, path: string, pauses: Pauses): Promise<void> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  for (let at = 0; at < bytes.length; at += PIECE) {
    if (pauses.due) await pauses.take();
    try {
      decoder.decode(bytes.subarray(at, at + PIECE), { stream: at + PIECE < bytes.length });
    } catch (error) {
      const line = await lineOf(bytes, faultFrom(bytes, at), pauses);
      throw wrong(`the text of line ${line} is not UTF-8`, path, 'save it as CSV in UTF-8', error);
    }
  }
}

/** Where the text is none for the first time; all before `piece` is, but for a character that goes on in it. */
function faultFrom(bytes: Uint8Array, piece: number): number {
  let at = Math.max(0, piece - 3);
  while (at < piece && (bytes[at] & 0b1100_0000) === 0b1000_0000) at++;
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    for (; at < bytes.length; at++) decoder.decode(bytes.subarray(at, at + 1), { stream: true });
  } catch {
    // That is the place.
  }
  return at;
}

async function lineOf(bytes: Uint8Array, place: number, pauses: Pauses): Promise<number> {
  let line = 1;
  for (let at = bytes.indexOf(LINE_FEED); at >= 0 && at < place; at = bytes.indexOf(LINE_FEED, at + 1)) {
    if (pauses.due) await pauses.take();
    line++;
  }
  return line;
}

async function parseRows(bytes: Uint8Array, path: string, pauses: Pauses): Promise<CsvRow[]> {
  const rows: CsvRow[] = [];
  const parser = parse({
    bom: true,
    skip_empty_lines: true,
    trim: true,
    max_record_size: MOST_ROW_BYTES,
    // Collected here, as what the parser gives holds more than is needed of each row.
    on_record(fields: string[], { lines }) {
      rows.push({ line: lines, fields });
      return null;
    },
  });
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += PIECE) {
      if (pauses.due) await pauses.take();
      yield bytes.subarray(at, at + PIECE);
      if (rows.length <= MOST_ROWS) continue;
      const what = `there are more than ${MOST_ROWS / 1e6} million rows`;
      throw wrong(what, path, 'split the file, or leave out rows');
    }
  }
  try {
    await pipeline(Readable.from(pieces()), parser);
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw await faulty(error, path, bytes, rows, pauses);
  }
  return rows;
}

/** What csv-parse found behind the rows that it could read, in this project's words. */
async function faulty(
  error: CsvError,
  path: string,
  bytes: Uint8Array,
  rows: readonly CsvRow[],
  pauses: Pauses,
): Promise<AttuneError> {
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
        Array.isArray(record) && record.length < header.length
          ? 'give the row as many'
          : 'a field with a comma in it stands in quotes',
        error,
      );
    }
    case 'CSV_QUOTE_NOT_CLOSED':
    case 'CSV_MAX_RECORD_SIZE': {
      const first = await firstOf(bytes, rows.at(-1)?.line ?? 0, pauses);
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
async function firstOf(bytes: Uint8Array, last: number, pauses: Pauses): Promise<number> {
  let line = 1;
  for (let at = 0; at < bytes.length; at++) {
    if (at % PIECE === 0 && pauses.due) await pauses.take();
    const byte = bytes[at];
    if (byte === LINE_FEED || byte === CARRIAGE_RETURN) {
      if (byte === CARRIAGE_RETURN && bytes[at + 1] === LINE_FEED) at++;
      line++;
    } else if (line > last && byte !== SPACE && byte !== TAB) return line;
  }
  return line;
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
