/** `attune explain`: what a network goes by, as pictures. */
import { relative } from 'node:path';
import { findModel } from '../../models/index.js';
import { type ExplainOptions, type ExplainResult, explain } from '../../report/index.js';
import type { Output } from '../output.js';
import { withSession } from '../session.js';
import { table } from '../table.js';
import { percent } from '../../text.js';

export async function explainCommand(
  options: ExplainOptions,
  json: boolean,
  output: Output,
): Promise<number> {
  if (options.model !== undefined) findModel(options.model); // before anything is read
  const result = await withSession(output, (context) => explain(options, context));
  if (json) output.json(result);
  else printResult(result, output);
  return result.images.some((image) => 'error' in image) ? 1 : 0;
}

/** A path as one would type it from here. */
function here(path: string): string {
  const way = relative('', path);
  return way.startsWith('..') ? path : way;
}

function printResult({ images }: ExplainResult, output: Output): void {
  const rows = images.map((image) =>
    'error' in image
      ? [here(image.path), image.error, '', '']
      : [here(image.path), image.label, percent(image.probability), here(image.picture)],
  );
  const columns = [
    { title: 'image' },
    { title: 'class' },
    { title: 'probability', align: 'right' },
    { title: 'map' },
  ] as const;
  output.print(table(columns, rows));
  for (const image of images) {
    if ('error' in image || image.neighbors === null) continue;
    const { bold } = output.paint;
    const near = image.neighbors.map(({ path, label, similarity }) => [
      here(path),
      label,
      similarity.toFixed(3),
    ]);
    output.print('', bold(`Nearest to ${here(image.path)}`));
    output.print(
      table([{ title: 'training image' }, { title: 'class' }, { title: 'similarity', align: 'right' }], near),
    );
  }
}
