/** Samples with the right answers to them. */

/** What a sample is labelled with: its place in a list of classes, or numbers. */
export type TargetKind = 'label' | 'values';

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
