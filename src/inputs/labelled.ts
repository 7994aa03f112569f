/** Samples with the right answers to them. */

export interface LabelledSample {
  /** Absolute path. */
  readonly path: string;
  /** Class folder and what follows, with `/`, in NFC: the same on every machine. */
  readonly name: string;
  /** Index into the class list. */
  readonly label: number;
  /** The rest of the right answer, where a class is not all of it: numbers whose meaning is the task's. */
  readonly values?: readonly number[] | undefined;
}
