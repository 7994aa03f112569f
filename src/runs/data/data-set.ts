/** What `<data>` names, a folder or a CSV file, as one data set: its parts as they are found, and what is learnt of it. */
import { join } from 'node:path';
import {
  type ColumnContent,
  contentsOf,
  type ImageTable,
  inputRow,
  isCsvFile,
  kindOfFiles,
  kindOfFolder,
  type LabelledImage,
  type NamedColumns,
  readImageTable,
  unclearColumns,
} from '../../inputs/index.js';
import { AttuneError } from '../../errors.js';
import {
  type AnsweredImages,
  type ChosenColumns,
  rowOf,
  TASK_KINDS,
  type Task,
  type TaskInfo,
  taskOf,
} from '../../tasks/index.js';
import type { FoundImages, SplitOptions } from './found-images.js';

export interface DataSet
  extends Omit<AnsweredImages<TaskInfo>, 'infoFor'>,
    Pick<FoundImages, 'learnt' | 'note' | 'skipped' | 'inputKind'> {
  /** Where test images are named, for what is said of them. */
  readonly testPath: string;
  /** The task, where these images train. Throws AttuneError 'data' for what cannot be learnt of them. */
  taskFor(train: readonly LabelledImage[]): Task;
}

type Named = Pick<SplitOptions, 'val' | 'images' | 'label' | 'target'>;

/** Reads a data set; opens no image. Throws AttuneError 'usage', 'input' and 'data' as `imageFolder` and CSV files do, 'interrupted' on the signal. */
export async function readDataSet(data: string, named: Named, signal?: AbortSignal): Promise<DataSet> {
  return isCsvFile(data) ? readTable(data, named, signal) : readFolder(data, named);
}

async function readFolder(data: string, { val }: Named): Promise<DataSet> {
  const readers = TASK_KINDS.flatMap((kind) => rowOf(kind).answers.inFolders ?? []);
  const kind = await kindOfFolder(data);
  const { infoFor, ...parts } = await readers[0](data, val, inputRow(kind).files);
  return {
    ...parts,
    inputKind: kind,
    learnt: { label: null, target: null },
    note: null,
    testPath: join(parts.root, 'test'),
    taskFor: (train) => taskOf(infoFor(train)),
  };
}

async function readTable(
  data: string,
  { val, images, label = null, target = null }: Named,
  signal: AbortSignal | undefined,
): Promise<DataSet> {
  const table = await readImageTable(data, images ?? undefined, signal);
  const { kind, ...said } = await chooseTask(table, { label, target });
  const valTable = val === null ? null : await readImageTable(requireCsv(val), images ?? undefined, signal);
  const { infoFor, ...parts } = await rowOf(kind).answers.inTable(table, valTable, said.learnt);
  return {
    ...parts,
    ...said,
    inputKind: kindOfFiles(table.files),
    testPath: table.path,
    taskFor: (train) => taskOf(infoFor(train)),
  };
}

/**
 * The task of a table: the last of the list that finds its columns, as a later one may be a special case of one before.
 *
 * @throws AttuneError 'usage' if columns of two tasks are named
 * @throws AttuneError 'data' if there is no such column, or the file does not say clearly enough what is to be learnt
 */
export async function chooseTask(
  table: ImageTable,
  named: NamedColumns,
): Promise<ChosenColumns & { readonly kind: TaskInfo['kind'] }> {
  if (named.label !== null && named.target !== null) {
    throw new AttuneError({
      code: 'usage',
      what: 'a run learns labels or values, and --label names a column, too',
      where: '--target',
      hint: 'leave one of the two out',
    });
  }
  let looked: Promise<ColumnContent[]> | null = null;
  const contents = () => {
    looked ??= contentsOf(table);
    return looked;
  };
  for (const kind of TASK_KINDS.toReversed()) {
    const chosen = await rowOf(kind).answers.choose({ table, contents }, named);
    if (chosen !== null) return { kind, ...chosen };
  }
  throw unclearColumns(await contents(), table);
}

/** Validation goes by the same columns. */
function requireCsv(val: string): string {
  if (isCsvFile(val)) return val;
  throw new AttuneError({
    code: 'usage',
    what: `the rows of a CSV file are compared with those of another, and ${val} is none`,
    where: '--val',
    hint: 'name a .csv file',
  });
}
