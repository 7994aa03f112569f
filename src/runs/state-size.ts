/**
 * Whether what a run saves can be read again. The list of its images stands in the header of a safetensors file (run-state.ts),
 * which has a limit that would end the run at its first save; the names of classes stand in every checkpoint.
 */
import { formatBytes } from '../inputs/index.js';
import { AttuneError } from '../errors.js';
import { MAX_HEADER_BYTES, MOST_JSON } from '../formats/index.js';
import { Pauses } from '../pauses.js';
import { count } from '../text.js';
import type { FoundImages } from './data/found-images.js';
import { storedImage } from './stored-images.js';

/** For all else in the header: the names of tensors, the recipe, a few hundred bytes for each epoch. */
const OTHER_BYTES = 2_000_000;
/** A file's sum, as long as every other. */
const HASH = '0'.repeat(64);

/** Throws AttuneError 'data' for classes whose names are too long to be read from a checkpoint again. */
export function refuseUnreadable({ root, task: { info, names } }: Pick<FoundImages, 'root' | 'task'>): void {
  if (JSON.stringify(info).length <= MOST_JSON) return;
  throw new AttuneError({
    code: 'data',
    what: `the names of the ${count(names.length)} classes or columns have more than ${count(MOST_JSON)} characters, and a checkpoint holds no more`,
    where: root,
    hint: 'shorten the names',
  });
}

/**
 * Looks before any image is opened. Throws AttuneError 'data' for a list that is too long for the state, with how many images
 * fit; 'interrupted' on the signal.
 * @param most the bytes that a header may have
 */
export async function refuseUnstorable(
  { root, train, val, test, skipped, task }: FoundImages,
  signal?: AbortSignal,
  most = MAX_HEADER_BYTES,
): Promise<void> {
  const pauses = new Pauses(signal);
  const images = train.length + val.length + test.length;
  let bytes = 0;
  for (const part of [train, val, test]) {
    for (const image of part) {
      if (pauses.due) await pauses.take();
      bytes += storedBytes(storedImage({ ...image, hash: HASH }, task.info.kind));
    }
  }
  const room = most - OTHER_BYTES - storedBytes(skipped) - storedBytes(task.info);
  if (bytes <= room) return;
  const fit = Math.floor((Math.max(0, room) / bytes) * images);
  throw new AttuneError({
    code: 'data',
    what: `a run of ${count(images)} files could not be saved: their list takes ${formatBytes(bytes)}, and a state has room for ${formatBytes(Math.max(0, room))}, about ${count(fit)} files`,
    where: root,
    hint: 'train on fewer files, move them to a shorter path, or use --strategy probe, which saves no state',
  });
}

/** Bytes of a value in the state, which is JSON in a text of JSON; with the comma behind it. */
function storedBytes(value: unknown): number {
  const quotes = 2;
  return Buffer.byteLength(JSON.stringify(JSON.stringify(value))) - quotes + 1;
}
