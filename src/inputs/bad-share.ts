/** When too many samples of a data set cannot be read. */
import { AttuneError } from '../errors.js';
import type { SampleFiles } from './sample-files.js';
import type { SkippedPath } from './walk.js';

/** A data set with more bad samples than this is broken, and leaving them out would hide it. */
const BAD_SHARE_LIMIT = 0.05;

/** Throws AttuneError 'data' with their count and the first of them if over 5 % of all `total` cannot be read. */
export function refuseTooManyBad(
  skipped: readonly SkippedPath[],
  total: number,
  { many }: Pick<SampleFiles, 'many'>,
): void {
  if (skipped.length <= total * BAD_SHARE_LIMIT) return;
  const named = skipped.slice(0, 3).map(({ path, reason }) => `${path}: ${reason}`);
  const more = skipped.length > named.length ? '; ...' : '';
  throw new AttuneError({
    code: 'data',
    what: `${skipped.length} of ${total} ${many} cannot be read, more than 5 %`,
    where: `${named.join('; ')}${more}`,
    hint: 'replace or remove them',
  });
}
