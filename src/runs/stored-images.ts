/** The images of a run as its state keeps them: each with its right answer in the form of the task. */
import * as v from 'valibot';
import { rowOf, type TaskKind } from '../tasks/index.js';

export interface ImageRecord {
  readonly path: string;
  readonly name: string;
  readonly label: number;
  /** The rest of the right answer: numbers whose meaning is the task's. */
  readonly values?: readonly number[] | undefined;
  readonly hash: string;
}

/** An image as it is written; whatever else it has is not. */
export function storedImage({ path, name, hash, label, values }: ImageRecord, kind: TaskKind): object {
  return { path, name, target: rowOf(kind).answers.stored.of({ label, values }), hash };
}

const image = { path: v.string(), name: v.string(), hash: v.string() };

/** Reads an image of a file that may hold anything. */
export function imageSchema(kind: TaskKind): v.GenericSchema<unknown, ImageRecord> {
  const { schema, read } = rowOf(kind).answers.stored;
  return v.pipe(
    v.strictObject({ ...image, target: schema }),
    v.transform(({ target, ...rest }) => ({ ...rest, ...read(target) })),
  );
}

/** The same of states before format 8, which had two fields whatever the task. */
export const labelledSchema: v.GenericSchema<unknown, ImageRecord> = v.strictObject({
  ...image,
  label: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  values: v.optional(v.array(v.pipe(v.number(), v.finite()))),
});
