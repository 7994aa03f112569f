/** What `<data>` names, a folder or a CSV file, as one data set: its parts as they are found, and what is learnt of it. */
import { join } from 'node:path';
import {
  chooseColumns,
  type ImageFolder,
  imageFolder,
  isCsvFile,
  type LabelledImage,
  labelsIn,
  partsOf,
  readImageTable,
  valuedImages,
} from '../../inputs/index.js';
import { AttuneError } from '../../errors.js';
import { classification, columnsOf, regression, type Task } from '../../tasks/index.js';
import type { FoundImages, SplitOptions } from './found-images.js';

export interface DataSet
  extends Omit<ImageFolder, 'classes'>,
    Pick<FoundImages, 'learnt' | 'note' | 'skipped'> {
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
  const folder = await imageFolder(data, { val: val ?? undefined });
  return {
    ...folder,
    learnt: { label: null, target: null },
    note: null,
    testPath: join(folder.root, 'test'),
    taskFor: () => classification(folder.classes),
  };
}

async function readTable(
  data: string,
  { val, images, label = null, target = null }: Named,
  signal: AbortSignal | undefined,
): Promise<DataSet> {
  const table = await readImageTable(data, images ?? undefined, signal);
  const { note, ...learnt } = await chooseColumns(table, { label, target });
  const valTable = val === null ? null : await readImageTable(requireCsv(val), images ?? undefined, signal);
  const said = { learnt, note, testPath: table.path };
  if (learnt.target === null) {
    const folder = await labelsIn(table, learnt.label, valTable);
    return { ...folder, ...said, taskFor: () => classification(folder.classes) };
  }
  const columns = learnt.target;
  const parts = partsOf(table, valTable);
  return {
    root: table.path,
    train: await valuedImages(table, columns, parts.train),
    val: parts.val && (await valuedImages(valTable ?? table, columns, parts.val)),
    test: parts.test && (await valuedImages(table, columns, parts.test)),
    skipped: parts.skipped,
    ...said,
    taskFor: (train) => regression(columnsOf(columns, train, table.path)),
  };
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
