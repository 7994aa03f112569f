/**
 * Samples on the host: what is handed to the device, for training, validation and prediction alike. What the arrays are
 * called and how the network's input is recorded from them is the input's matter (input.ts); here are only rows.
 */

export type HostArray = Uint8Array | Int32Array | Float32Array;

/** One sample as its input prepared it: its arrays by name. Those of an image are `images`, bytes [side, side, 3]. */
export type HostSample = Readonly<Record<string, HostArray>>;

/** What one sample goes through on the device before the network sees it; its input knows what they mean. */
export type SampleSteps = readonly object[];

/** Several samples. */
export interface HostBatch {
  /** How many there are. */
  readonly size: number;
  /** By name, row-major: as many elements for each sample. Those of images are `images`, bytes [size, side, side, 3]. */
  readonly arrays: Readonly<Record<string, HostArray>>;
  /** The steps of each sample; absent: none. */
  readonly steps?: readonly SampleSteps[];
}

/** Samples by index. */
export interface SampleSource {
  readonly count: number;
  read(index: number): Promise<HostSample>;
}

/**
 * Samples that are alike: as many elements in arrays of the same names. Throws RangeError where they are not.
 * @param arrayFor an array to be overwritten, of the type of `like`; undefined: a new one is made
 */
export function stack(
  samples: readonly HostSample[],
  arrayFor?: (like: HostArray, length: number) => HostArray | undefined,
): HostBatch {
  const [first] = samples;
  const arrays = Object.fromEntries(
    Object.entries(first ?? {}).map(([name, like]) => {
      const length = samples.length * like.length;
      const all = arrayFor?.(like, length) ?? emptyLike(like, length);
      for (const [i, sample] of samples.entries()) {
        const array = sample[name];
        if (array?.length !== like.length)
          throw new RangeError(`sample ${i} has ${array?.length} elements in ${name}, not ${like.length}`);
        all.set(array, i * like.length);
      }
      return [name, all];
    }),
  );
  return { size: samples.length, arrays };
}

/** Samples `start` to `end` of a batch; `withPartner`: and before them the one before, which is the last before the first. */
export function rowsOf(batch: HostBatch, start: number, end: number, withPartner = false): HostBatch {
  const { size, steps } = batch;
  const arrays = Object.fromEntries(
    Object.entries(batch.arrays).map(([name, array]) => [
      name,
      takeRows(array, size, start, end, withPartner),
    ]),
  );
  const rows = { size: end - start + (withPartner ? 1 : 0), arrays };
  if (steps === undefined) return rows;
  const partner = withPartner ? [steps.at(start - 1) as SampleSteps] : [];
  return { ...rows, steps: [...partner, ...steps.slice(start, end)] };
}

/** The same of an array that has `size` rows. Only what begins with the last row is copied. */
export function takeRows<T extends HostArray>(
  array: T,
  size: number,
  start: number,
  end: number,
  withPartner: boolean,
): T {
  const width = array.length / size;
  if (!withPartner) return array.subarray(start * width, end * width) as T;
  if (start > 0) return array.subarray((start - 1) * width, end * width) as T;
  const joined = emptyLike(array, (end + 1) * width);
  joined.set(array.subarray(array.length - width));
  joined.set(array.subarray(0, end * width), width);
  return joined;
}

function emptyLike<T extends HostArray>(array: T, length: number): T {
  return new (array.constructor as new (length: number) => T)(length);
}
