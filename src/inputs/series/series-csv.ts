/** A CSV file of numbers by time: a row for each step, a column for each channel, and perhaps a line of names above. */
import { AttuneError } from '../../errors.js';
import type { Pauses } from '../../pauses.js';
import { MOST_CHANNELS, type Series, tooManyChannels } from './numbers.js';

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?$/;

/**
 * Reads a text, row by row, as it may have millions. Throws AttuneError 'input' naming `path`, and the line of what is no
 * number; 'interrupted' at a pause.
 */
export async function parseSeriesCsv(bytes: Uint8Array, path: string, pauses: Pauses): Promise<Series> {
  const refuse = (what: string, hint: string) => new AttuneError({ code: 'input', what, where: path, hint });
  const numbers: number[] = [];
  let channels = 0;
  let steps = 0;
  let line = 0;
  for (const row of rowsOf(textOf(bytes, path))) {
    if (pauses.due) await pauses.take();
    line++;
    if (row.trim() === '') continue;
    // Counted before the row is cut: what has a million commas is told, and not held.
    const count = fieldsIn(row);
    const isFirst = channels === 0;
    if (isFirst) channels = count;
    if (channels > MOST_CHANNELS) throw tooManyChannels(channels, path);
    if (count !== channels)
      throw refuse(
        `line ${line} has ${count} numbers, and the first line ${channels}`,
        'give every row as many',
      );
    const fields = row.split(',').map((field) => field.trim());
    const isNumber = fields.map((field) => NUMBER.test(field));
    // Names of columns.
    if (isFirst && isNumber.every((is) => !is)) continue;
    const wrong = isNumber.indexOf(false);
    if (wrong >= 0)
      throw refuse(
        `line ${line}, column ${wrong + 1}: ${JSON.stringify(fields[wrong].slice(0, 40))} is no number`,
        'write numbers alone, as 1.5 or 2e-3',
      );
    for (const field of fields) numbers.push(Number(field));
    steps++;
  }
  return { steps, channels, values: Float32Array.from(numbers) };
}

function textOf(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    const [what, hint] = ['the file is no text in UTF-8', 'save it as UTF-8'];
    throw new AttuneError({ code: 'input', what, where: path, hint }, { cause });
  }
}

/** The rows of a text one by one, however they end. */
function* rowsOf(text: string): Generator<string> {
  const end = /\r\n|\n|\r/g;
  let start = 0;
  for (let found = end.exec(text); found !== null; found = end.exec(text)) {
    yield text.slice(start, found.index);
    start = end.lastIndex;
  }
  yield text.slice(start);
}

function fieldsIn(row: string): number {
  let count = 1;
  for (let at = row.indexOf(','); at >= 0; at = row.indexOf(',', at + 1)) count++;
  return count;
}
