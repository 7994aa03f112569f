/** Where the right answers of a regression stand: in columns of numbers of a CSV file (inputs/image/values-file.ts). */
import { type ImageTable, type LabelledImage, valueColumns, valuedImages } from '../inputs/index.js';
import { AttuneError } from '../errors.js';
import { type Answers, readParts } from './answers.js';
import { NUMBERS_TARGET } from './stored-target.js';
import type { Column } from './metrics/regression-metrics.js';

export const VALUE_ANSWERS: Answers<{ readonly kind: 'regression'; readonly columns: readonly Column[] }> = {
  isNamedBy: ({ target }) => target !== null,
  stored: NUMBERS_TARGET,
  async choose({ contents }, { label, target }) {
    if (target !== null)
      return { learnt: { label: null, target: target.map((name) => name.normalize('NFC')) }, note: null };
    const found = label === null ? valueColumns(await contents()) : null;
    return found && { learnt: { label: null, target: found.columns }, note: found.note };
  },
  async inTable(table, val, { target }) {
    const names = target ?? [];
    return {
      ...(await readParts(table, val, (of, rows) => valuedImages(of, names, rows))),
      infoFor: (train) => ({ kind: 'regression', columns: columnsOf(names, train, table.path) }),
    };
  },
  inFolders: null,
  given: ({ columns }) => `values of ${namesOf(columns).join(', ')}`,
  measuredRows(table: ImageTable, rows, named, { info: { columns } }) {
    const names = namesOf(columns);
    if (named === undefined) return valuedImages(table, names, rows);
    throw new AttuneError({
      code: 'usage',
      what: `the model gives values of ${names.join(', ')}`,
      where: '--label',
      hint: 'leave it out',
    });
  },
  measuredFolders: null,
};

function namesOf(columns: readonly Column[]): string[] {
  return columns.map(({ name }) => name);
}

/**
 * Names of columns with mean and deviation of the values of the training images. Throws AttuneError 'data' for a column
 * of one value.
 */
export function columnsOf(
  names: readonly string[],
  images: readonly LabelledImage[],
  where: string,
): Column[] {
  return names.map((name, c) => {
    const values = images.map((image) => valuesOf(image)[c]);
    const mean = values.reduce((sum, value) => sum + value / values.length, 0);
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2 / values.length, 0);
    const deviation = Math.sqrt(variance);
    if (values.some((value) => value !== values[0]) && deviation > 0) return { name, mean, deviation };
    throw new AttuneError({
      code: 'data',
      what: `all training rows have the same value of ${name}, ${values[0]}`,
      where,
      hint: 'leave the column out with --target, or add rows',
    });
  });
}

/** Every sample of a file of values has them. */
export function valuesOf({ values, path }: LabelledImage): readonly number[] {
  if (values !== undefined) return values;
  throw new AttuneError({ code: 'internal', what: 'the sample has no values', where: path });
}
