/** `attune predict`: the most probable classes of each image, or its values. */
import { isAbsolute, relative } from 'node:path';
import { type PredictOptions, type PredictResult, predict, type TaskKind } from '../../finetune/index.js';
import { findModel } from '../../models/index.js';
import { expandPatterns } from '../glob.js';
import type { Output } from '../output.js';
import { withSession } from '../session.js';
import { table } from '../table.js';
import { textOf } from '../tasks/index.js';
import { inputRow } from '../../inputs/index.js';
import { counted, oneLine } from '../../text.js';

/** The result of a classifier, or of a model that gives values. */
type AnyResult = PredictResult<TaskKind>;

/** @returns 1 when an image could not be read; the others are predicted all the same */
export async function predictCommand(
  options: PredictOptions,
  json: boolean,
  output: Output,
): Promise<number> {
  if (options.model !== undefined) findModel(options.model); // before anything is read
  const images = await expandPatterns(options.images);
  const result = await withSession(output, (context) => predict<TaskKind>({ ...options, images }, context));
  if (json) output.json(result);
  else printPredictions(result, output);
  return reportUnread(result, output);
}

function printPredictions({ task, images }: AnyResult, output: Output): void {
  for (const [index, image] of images.entries()) {
    if (index > 0) output.print('');
    output.print(output.paint.bold(oneLine(shownPath(image.path))));
    if ('error' in image) output.print(`  ${output.paint.bad('not read')}: ${oneLine(image.error)}`);
    else {
      const rows = textOf(task).answered(image);
      output.print(table([{ title: '', align: 'right' }, { title: '' }], rows).map((line) => `  ${line}`));
    }
  }
}

/** The line of the failure: the first image that could not be read, and how many there are. */
function reportUnread({ images, input }: AnyResult, output: Output): number {
  const unread = images.flatMap((image) => ('error' in image ? [image] : []));
  if (unread.length === 0) return 0;
  const [{ path, error }] = unread;
  const what =
    unread.length === 1 ? error : `${counted(unread.length, 'file')} could not be read, the first: ${error}`;
  const { many, formats } = inputRow(input).files;
  const hint =
    unread.length === images.length ? `replace it; ${many} are ${formats}` : 'the other files are done';
  output.note(`attune: ${oneLine(`${what} (${shownPath(path)}): ${hint}`)}`);
  return 1;
}

/** Below the working folder a path is shown from there. */
function shownPath(path: string): string {
  const fromHere = relative('.', path);
  return fromHere === '' || fromHere.startsWith('..') || isAbsolute(fromHere) ? path : fromHere;
}
