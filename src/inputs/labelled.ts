/** Samples with the right answers to them. */

export interface LabelledSample {
  /** Absolute path. */
  readonly path: string;
  /** Class folder and what follows, with `/`, in NFC: the same on every machine. */
  readonly name: string;
  /** Index into the class list. */
  readonly label: number;
  /** The numbers to predict, of a data set for regression alone (values-file.ts). */
  readonly values?: readonly number[] | undefined;
}
