/** Right answers as plain data: how the state of a run keeps them. */
import * as v from 'valibot';
import type { LabelledImage } from '../inputs/index.js';

/** What a sample has of its right answer. */
export type TargetOfSample = Pick<LabelledImage, 'label' | 'values'>;

/** The form of one kind of right answer. */
export interface StoredTarget<T = unknown> {
  readonly schema: v.GenericSchema<unknown, T>;
  of(sample: TargetOfSample): T;
  read(target: T): TargetOfSample;
}

/** The place of a class. */
export const CLASS_TARGET: StoredTarget<number> = {
  schema: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  of: ({ label }) => label,
  read: (label) => ({ label }),
};

/** Numbers whose meaning is the task's; samples without a class all have the first. */
export const NUMBERS_TARGET: StoredTarget<readonly number[]> = {
  schema: v.array(v.pipe(v.number(), v.finite())),
  of: ({ values = [] }) => values,
  read: (values) => ({ label: 0, values }),
};
