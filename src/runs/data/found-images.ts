/** The images of a run as they are found, and how they are split; training-data.ts finds them. */
import { dirname } from 'node:path';
import { type InputKind, isCsvFile, type LabelledImage, type NamedColumns } from '../../inputs/index.js';
import type { SkippedImage } from '../../recipe/results.js';
import type { Task } from '../../tasks/index.js';

/** Which part of a data set. */
export type PartName = 'train' | 'val' | 'test';

/** Images by part, before any is opened. */
export interface FoundImages extends Readonly<Record<PartName, readonly LabelledImage[]>> {
  readonly root: string;
  /** What the samples are. */
  readonly inputKind: InputKind;
  readonly task: Task;
  readonly skipped: readonly SkippedImage[];
  /** Whether those to validate with were split off, as the data set names none. */
  readonly isSplit: boolean;
  /** The column of labels, or those of values, that are learnt from a CSV file; both null for a folder. */
  readonly learnt: NamedColumns;
  /** What was taken for labels or values where nobody said so; null where nothing else was possible. */
  readonly note: string | null;
}

/** The folder that images are named by for people: `root`, or that of a CSV file. */
export function folderOf({ root }: Pick<FoundImages, 'root'>): string {
  return isCsvFile(root) ? dirname(root) : root;
}

/** How images become parts where no folder says so. */
export interface SplitOptions {
  readonly val: string | null;
  readonly valSplit: number;
  /** How many folds a cross-validation has, and which of them validates, from 1; null where there is none. */
  readonly folds?: number | null;
  readonly fold?: number | null;
  readonly seed: number;
  /** The folder of a CSV file's images, and its column of labels or those of values. */
  readonly images?: string | null;
  readonly label?: string | null;
  readonly target?: readonly string[] | null;
}
