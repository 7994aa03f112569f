/**
 * The samples that `evaluate` measures by. A data set that has parts is measured by those that no run is trained with:
 * `test`, or `val` where there are none, unless another part is asked for.
 */
import { resolve } from 'node:path';
import {
  classSamples,
  countedSamples,
  type ImageTable,
  isCsvFile,
  type LabelledImage,
  inputRow,
  listFiles,
  partFolders,
  readImageTable,
  type SampleWords,
  subFolders,
} from '../../inputs/index.js';
import { AttuneError } from '../../errors.js';
import { imagenetClasses } from '../../models/index.js';
import { nearest } from '../../nearest.js';
import { type MeasuredNetwork, rowOf, type TaskInfo } from '../../tasks/index.js';
import { count } from '../../text.js';
import type { LoadedModel } from '../../runs/model-source.js';
import { SPLITS } from '../../recipe/choices.js';
import type { EvaluatedSplit, MeasuredSplit, SkippedImage } from '../../recipe/results.js';
import type { PartName } from '../../runs/data/found-images.js';

/** What is to be measured by. */
export interface MeasureOptions {
  readonly data: string;
  readonly images?: string | undefined;
  readonly label?: string | undefined;
  readonly split?: string | undefined;
}

export interface MeasuredImages {
  readonly images: readonly LabelledImage[];
  readonly skipped: readonly SkippedImage[];
  readonly split: EvaluatedSplit;
}

const PARTS: readonly PartName[] = ['train', 'val', 'test'];

/** For images that are no part in particular. */
const UNDIVIDED: EvaluatedSplit = { split: null, left_out: null };

/** Checks the name of a part, which JavaScript may have misspelt. Throws AttuneError 'usage'. */
export function checkSplit(split: string | undefined): MeasuredSplit | null {
  if (split === undefined) return null;
  const known = SPLITS.find((name) => name === split);
  if (known !== undefined) return known;
  const guess = nearest(split, SPLITS);
  throw usage(
    `${JSON.stringify(split)} is no part of a data set`,
    '--split',
    guess === undefined ? `choose ${SPLITS.join(', ')}` : `did you mean ${guess}?`,
  );
}

/** Finds the images. Throws AttuneError 'usage', 'input' and 'data' as reading a data set does. */
export async function imagesToMeasure(
  options: MeasureOptions,
  loaded: LoadedModel,
  signal?: AbortSignal,
): Promise<MeasuredImages> {
  const { data, images, label } = options;
  if (isCsvFile(data)) return tableImages(await readImageTable(data, images, signal), options, loaded);
  const flag = images !== undefined ? '--images' : label !== undefined ? '--label' : null;
  if (flag !== null)
    throw usage('this is for a CSV file, and the data is in class folders', flag, 'leave it out');
  return folderImages(options, loaded);
}

/** What a task has to know of the network to find its answers. */
function networkOf({ task, label, isImagenet }: LoadedModel): MeasuredNetwork<TaskInfo> {
  const otherNames = isImagenet ? imagenetClasses().map(({ wordnetId }) => wordnetId) : [];
  return { info: task.info, otherNames, label };
}

async function tableImages(
  table: ImageTable,
  { label, split }: MeasureOptions,
  loaded: LoadedModel,
): Promise<MeasuredImages> {
  const of = (part: PartName) => table.rows.filter((row) => row.part === part).length;
  const chosen = choosePart(
    table.hasParts ? { train: of('train'), val: of('val'), test: of('test') } : null,
    checkSplit(split),
    { where: table.path, words: inputRow(loaded.input.kind).files },
    'there is no column split in the file',
  );
  const isMeasured = (part: PartName | null) => chosen.left_out === null || isOf(chosen.split, part);
  const rows = table.rows.filter(({ part }) => isMeasured(part));
  const { answers } = rowOf(loaded.task.info.kind);
  const images = await answers.measuredRows(table, rows, label, networkOf(loaded));
  return { images, skipped: [], split: chosen };
}

async function folderImages({ data, split }: MeasureOptions, loaded: LoadedModel): Promise<MeasuredImages> {
  const network = networkOf(loaded);
  const { measuredFolders, given } = rowOf(loaded.task.info.kind).answers;
  if (measuredFolders === null) {
    throw usage(
      `the model gives ${given(network.info)}, which only a CSV file can be compared with`,
      data,
      'name a .csv file with these columns',
    );
  }
  const wanted = checkSplit(split);
  const { files } = inputRow(loaded.input.kind);
  const folders = await partFolders(resolve(data), [...loaded.task.names, ...network.otherNames]);
  const read = async (folder: string) =>
    classSamples(folder, measuredFolders(network, await subFolders(folder)), files);
  if (folders === null) {
    const chosen = choosePart(
      null,
      wanted,
      { where: data, words: files },
      'there are no folders train, val and test in the folder',
    );
    return { ...refuseNone(await read(resolve(data)), data, files), split: chosen };
  }
  const counts = { train: 0, val: 0, test: 0 };
  for (const part of PARTS) {
    const folder = folders[part];
    if (folder !== null) counts[part] = (await listFiles(folder, files)).found.length;
  }
  const chosen = choosePart(counts, wanted, { where: data, words: files }, '');
  const found: Awaited<ReturnType<typeof classSamples>>[] = [];
  for (const part of PARTS) {
    const folder = folders[part];
    if (folder !== null && counts[part] > 0 && isOf(chosen.split, part)) found.push(await read(folder));
  }
  const images = found.flatMap((part) => part.images);
  return { images, skipped: [...found.flatMap((part) => part.skipped), ...folders.skipped], split: chosen };
}

function refuseNone(found: Awaited<ReturnType<typeof classSamples>>, data: string, { many }: SampleWords) {
  if (found.images.length > 0) return found;
  throw new AttuneError({
    code: 'data',
    what: `there are no ${many} to evaluate`,
    where: data,
    hint: `name a folder that holds one folder of ${many} per class`,
  });
}

/** Whether a part belongs to what is measured by. */
function isOf(split: MeasuredSplit | null, part: PartName | null): boolean {
  return split === 'all' || split === part;
}

/**
 * The part that was asked for, else the first that no run is trained with.
 *
 * @param counts samples of each part; null where the data set has none
 * @param undivided why it has none
 */
function choosePart(
  counts: Readonly<Record<PartName, number>> | null,
  wanted: MeasuredSplit | null,
  { where, words }: { readonly where: string; readonly words: SampleWords },
  undivided: string,
): EvaluatedSplit {
  if (counts === null) {
    if (wanted === null || wanted === 'all') return UNDIVIDED;
    throw usage(undivided, '--split', `leave it out: all ${words.many} are measured by`);
  }
  const held = PARTS.toReversed().find((part) => part !== 'train' && counts[part] > 0);
  const split = wanted ?? held ?? null;
  if (split === null) {
    throw new AttuneError({
      code: 'data',
      what: `all ${countedSamples(counts.train, words)} are of the part train, by which no network is measured`,
      where,
      hint: `name other ${words.many}, or add --split train`,
    });
  }
  if (split !== 'all' && counts[split] === 0) {
    const there = PARTS.filter((part) => counts[part] > 0);
    throw usage(
      `there are no ${words.many} of the part ${split}`,
      '--split',
      `choose ${there.join(', ')} or all`,
    );
  }
  const left = (part: PartName) => (isOf(split, part) ? 0 : counts[part]);
  return { split, left_out: { train: left('train'), val: left('val'), test: left('test') } };
}

/** `Measured by the 20 images of test; left out: 60 of train (--split decides).` Null of an undivided data set. */
export function splitNote({ split, left_out }: EvaluatedSplit, measured: string): string | null {
  if (split === null || left_out === null) return null;
  const left = PARTS.filter((part) => left_out[part] > 0).map(
    (part) => `${count(left_out[part])} of ${part}`,
  );
  const rest = left.length === 0 ? '' : `; left out: ${left.join(', ')}`;
  return `Measured by the ${measured} of ${split === 'all' ? 'all parts' : split}${rest} (--split decides).`;
}

function usage(what: string, where: string, hint: string): AttuneError {
  return new AttuneError({ code: 'usage', what, where, hint });
}
