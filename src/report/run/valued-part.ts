/** What a report tells of the images of a part whose values were predicted. */
import type { Answering, Outputs } from './answered-part.js';
import { pictureOf } from './pictures.js';
import { spread } from './rankings.js';
import type { ValuedColumn, ValuedImage, ValuedPart } from './report-data.js';

/** Points of a scatter plot, and worst images of a column. */
const MOST_POINTS = 2000;
const MOST_WORST_VALUES = 8;

/** All that a report tells of outputs that are values. */
export async function valuedPart(
  { images, values, words, picture }: Outputs,
  { part, task }: Answering,
): Promise<ValuedPart> {
  const width = task.names.length;
  // The task of an export answers in the units of the columns.
  const answers = images.map(
    (_, i) =>
      task.answer(values.subarray(i * width, (i + 1) * width), { top: 1, temperature: null }) as Answered,
  );
  const columns: ValuedColumn[] = [];
  // One column after the other, as each opens the files of its worst images.
  for (const [c, column] of task.names.entries()) {
    const points = images.map(({ name, values: of }, image) => ({
      name,
      value: of?.[c] ?? Number.NaN,
      predicted: answers[image].values[column],
    }));
    columns.push(await valuedColumn(column, points, picture));
  }
  return {
    kind: 'regression',
    part,
    words,
    metrics: task.metrics(values, images, null) as ValuedPart['metrics'],
    columns,
  };
}

/** The images of a column with their points; `picture` gives that of each. */
export async function valuedColumn(
  column: string,
  images: readonly Omit<ValuedImage, 'picture'>[],
  picture: Outputs['picture'],
): Promise<ValuedColumn> {
  const error = (image: number) => Math.abs(images[image].predicted - images[image].value);
  const worst = [...images.keys()].sort((a, b) => error(b) - error(a)).slice(0, MOST_WORST_VALUES);
  return {
    column,
    points: spread(images.length, MOST_POINTS).map((i) => images[i]),
    worst: await Promise.all(
      worst.map(async (image) => ({ ...images[image], picture: await pictureOf(await picture(image)) })),
    ),
  };
}

interface Answered {
  readonly values: Readonly<Record<string, number>>;
}
