/** A CSV file of numbers by time: a row for each step, a column for each channel, and perhaps a line of names above. */
import { AttuneError } from '../../errors.js';
import type { Series } from './numbers.js';

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?$/;

/** Reads a text. Throws AttuneError 'input' naming `path`, and the line of what is no number. */
export function parseSeriesCsv(bytes: Uint8Array, path: string): Series {
  const refuse = (what: string, hint: string) => new AttuneError({ code: 'input', what, where: path, hint });
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    const hint = 'save it as UTF-8';
    throw new AttuneError(
      { code: 'input', what: 'the file is no text in UTF-8', where: path, hint },
      { cause },
    );
  }
  const numbers: number[] = [];
  let channels = 0;
  let steps = 0;
  for (const [i, row] of text.split(/\r\n|\n|\r/).entries()) {
    if (row.trim() === '') continue;
    const fields = row.split(',').map((field) => field.trim());
    const isNumber = fields.map((field) => NUMBER.test(field));
    if (channels === 0) {
      channels = fields.length;
      // Names of columns.
      if (isNumber.every((is) => !is)) continue;
    }
    const line = i + 1;
    if (fields.length !== channels)
      throw refuse(
        `line ${line} has ${fields.length} numbers, and the first line ${channels}`,
        'give every row as many',
      );
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
