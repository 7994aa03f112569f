/**
 * Where the right answers of samples stand in a data set, and how they are read for a task: a part of its row. Whoever reads
 * a data set asks the rows, and knows of labels and values as little as of what else a task may read.
 */
import {
  type ColumnContent,
  type ImageFolder,
  type ImageTable,
  type LabelledImage,
  type NamedColumns,
  partsOf,
  type SampleFiles,
} from '../inputs/index.js';
import type { StoredTarget } from './stored-target.js';

/** A table in which each task looks for its columns. */
export interface SearchedTable {
  readonly table: ImageTable;
  /** What its columns hold; looked at once for all tasks. */
  contents(): Promise<readonly ColumnContent[]>;
}

/** The columns that a task learns of a table. */
export interface ChosenColumns {
  readonly learnt: NamedColumns;
  /** What was taken for what where nobody said so; null where nothing else was possible. */
  readonly note: string | null;
}

/** The samples of a data set with their answers. */
export interface AnsweredImages<I> extends Omit<ImageFolder, 'classes'> {
  /** The task, where these samples train. Throws AttuneError 'data' for what cannot be learnt of them. */
  infoFor(train: readonly LabelledImage[]): I;
}

/** A network that is to be measured: its task, whose data is `I`. */
export interface MeasuredNetwork<I> {
  readonly info: I;
  /** Other names of its outputs, in their order; none where there are no others. */
  readonly otherNames: readonly string[];
  /** The column of labels that it was trained with, where that is known. */
  readonly label: string | null;
}

/** How a task, whose data is `I`, finds its answers. */
export interface Answers<I> {
  /** Whether a recipe that names these columns may be one of the task. */
  isNamedBy(named: NamedColumns): boolean;
  /**
   * The columns that the task learns of a table: those that are named for it, or those that the file speaks for where none
   * are named. Null where they are not its own. Throws AttuneError 'data' if there is no such column.
   */
  choose(searched: SearchedTable, named: NamedColumns): Promise<ChosenColumns | null>;
  /**
   * Reads a table, and another to validate by where it is not null. Throws AttuneError 'data' naming the line of what is no
   * answer, and 'usage' as `partsOf` does.
   */
  inTable(table: ImageTable, val: ImageTable | null, learnt: NamedColumns): Promise<AnsweredImages<I>>;
  /** Reads class folders; null where they do not hold its answers. Throws AttuneError as `imageFolder` does. */
  readonly inFolders:
    | ((data: string, val: string | null, files: SampleFiles) => Promise<AnsweredImages<I>>)
    | null;

  /** How the state of a run keeps the right answer to a sample. */
  readonly stored: StoredTarget;

  /** What a network gives, for errors: `values of age, weight`. */
  given(info: I): string;
  /**
   * Reads rows of a table to measure a network by; `named` is the column of `--label`. Throws AttuneError 'data' for what is
   * no answer of the network, and 'usage' for a column that it does not take.
   */
  measuredRows(
    table: ImageTable,
    rows: ImageTable['rows'],
    named: string | undefined,
    network: MeasuredNetwork<I>,
  ): Promise<readonly LabelledImage[]>;
  /** What the classes are called where folders have such names; null where class folders do not hold its answers. */
  readonly measuredFolders:
    | ((network: MeasuredNetwork<I>, folders: readonly string[]) => readonly string[])
    | null;
}

/**
 * Reads the parts of a table, and of another to validate by where it is not null; `read` gives the samples of some rows.
 * Throws as `partsOf` and `read` do.
 * @param parts those of the two, where they are known already
 */
export async function readParts(
  table: ImageTable,
  val: ImageTable | null,
  read: (table: ImageTable, rows: ImageTable['rows']) => Promise<readonly LabelledImage[]>,
  parts = partsOf(table, val),
): Promise<Omit<AnsweredImages<unknown>, 'infoFor'>> {
  return {
    root: table.path,
    train: await read(table, parts.train),
    val: parts.val && (await read(val ?? table, parts.val)),
    test: parts.test && (await read(table, parts.test)),
    skipped: parts.skipped,
  };
}
