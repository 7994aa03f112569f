/**
 * Preprocessing settings that come from a file: they are stored beside trained weights, and a
 * file can hold anything.
 */

import * as v from 'valibot';
import { AttuneError } from '../../errors.js';
import type { Preprocessing } from './preprocess.js';

/** Far above any network's input; keeps a wrong number from asking for gigabytes. */
const maximumSide = 4096;

const side = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(maximumSide));
const channels = (value: v.GenericSchema<number>) => v.strictTuple([value, value, value]);

const schema = v.object({
  resize: side,
  crop: v.nullable(side),
  mean: channels(v.pipe(v.number(), v.finite())),
  std: channels(v.pipe(v.number(), v.finite(), v.gtValue(0))),
  interpolation: v.picklist(['bilinear', 'bicubic']),
});

/**
 * Checks settings read from a file.
 * @param where the file, for the error
 * @throws AttuneError 'input' naming the field that is wrong
 */
export function parsePreprocessing(value: unknown, where: string): Preprocessing {
  const parsed = v.safeParse(schema, value);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new AttuneError({
    code: 'input',
    what: `the preprocessing settings are wrong at ${v.getDotPath(issue) ?? 'the top'}: ${issue.message}`,
    where,
    hint: 'use a file that attune wrote, or give the settings as flags',
  });
}
