/** The constants of a network, which none of its arrays tells, in the metadata of the files that hold it. */
import * as v from 'valibot';
import { AttuneError } from '../errors.js';
import type { Network } from '../models/index.js';

const schema = v.strictObject({
  epsilon: v.optional(v.pipe(v.number(), v.gtValue(0), v.maxValue(1))),
});

type Constants = Network['constants'];

/** More is no description of a few numbers. */
const MOST_CHARACTERS = 1000;

/** The metadata that say them; nothing for a network that has none. */
export function constantsToWrite({ constants }: Network): Record<string, string> {
  return Object.keys(constants).length > 0 ? { constants: JSON.stringify(constants) } : {};
}

/** What the metadata say; null where they say nothing. Throws AttuneError 'weights' when they are damaged. */
export function storedConstants(
  { constants }: Readonly<Record<string, string>>,
  where: string,
): Constants | null {
  if (constants === undefined) return null;
  const text = v.pipe(v.string(), v.maxLength(MOST_CHARACTERS), v.parseJson(), schema);
  const parsed = v.safeParse(text, constants);
  if (parsed.success) return parsed.output as Constants;
  throw new AttuneError({
    code: 'weights',
    what: 'the constants of the network in the metadata are damaged',
    where,
    hint: 'use another copy of the file',
  });
}
