/** The images of a run as they are found, and how they are split; training-data.ts finds them. */
import type { LabelledImage } from '../../data/index.js';
import type { SkippedImage } from '../results.js';
import type { Task } from '../tasks/task.js';

/** Which part of a data set. */
export type PartName = 'train' | 'val' | 'test';

/** Images by part, before any is opened. */
export interface FoundImages extends Readonly<Record<PartName, readonly LabelledImage[]>> {
  readonly root: string;
  readonly task: Task;
  readonly skipped: readonly SkippedImage[];
  /** Whether those to validate with were split off, as the data set names none. */
  readonly isSplit: boolean;
}

/** How images become parts where no folder says so. */
export interface SplitOptions {
  readonly val: string | null;
  readonly valSplit: number;
  /** Of a cross-validation: how many folds, and which of them validates, from 1; null where it is none. */
  readonly folds?: number | null;
  readonly fold?: number | null;
  readonly seed: number;
  /** Of a CSV file: the folder of its images, and the columns to predict. */
  readonly images?: string | null;
  readonly target?: readonly string[] | null;
}
