/** The best checkpoint over the images of a part: its outputs, and pictures of those images that a report shows. */
import {
  type LabelledImage,
  type PreparedCache,
  type PreparedImage,
  preparedPictures,
  type RgbImage,
} from '../../data/index.js';
import { forwardBatch, largestActivation } from '../../finetune/device.js';
import { forEachImage, sideOf } from '../../finetune/evaluation/inference.js';
import { softmaxRows } from '../../finetune/evaluation/scores.js';
import type { LoadedModel } from '../../finetune/model-source.js';
import type { RunContext } from '../../finetune/options.js';
import { prepare } from '../../finetune/run/training-data.js';
import type { PartName } from '../../finetune/run/found-images.js';
import type { Task } from '../../finetune/tasks/task.js';
import { Linear } from '../../nn/index.js';
import type { Device } from '../../program/device.js';
import { heatMap } from '../explain/heat-maps.js';
import { overlay } from '../explain/overlay.js';
import { pictureOf } from './pictures.js';
import {
  type Answer,
  answersOf,
  classRows,
  confusedPairs,
  hitsOf,
  missesOf,
  reliabilityBins,
  spread,
  worstOf,
} from './rankings.js';
import type {
  AnsweredImage,
  ClassifiedPart,
  EvaluatedPart,
  ExplainedImage,
  ValuedColumn,
  ValuedImage,
  ValuedPart,
} from './report-data.js';

/** Images of each kind that are shown. */
const MOST_WORST = 12;
const MOST_PAIRS = 8;
const EXAMPLES_OF_PAIR = 4;
const MOST_HITS = 8;
const MOST_MISSES = 8;
/** As `calibrationError` has them. */
const BINS = 15;
/** Points of a scatter plot, and worst images of a column. */
const MOST_POINTS = 2000;
const MOST_WORST_VALUES = 8;

/** A network on its device. */
export interface Network extends RunContext {
  readonly device: Device;
  /** Frozen, and on the device. */
  readonly loaded: LoadedModel;
  readonly workers: number | undefined;
}

/** The outputs for images, in their order, where they can be read. */
export interface Outputs {
  readonly images: readonly (LabelledImage & Pick<PreparedImage<LabelledImage>, 'fileHash'>)[];
  /** [images, names of the task], row-major. */
  readonly values: Float32Array;
  /** The square that the network sees of an image. */
  picture(index: number): Promise<RgbImage>;
}

/** The outputs of the network for those of `images` that can be read, as long as `cache` is open. Throws as `evaluate` does. */
export async function outputsFor(
  { device, loaded, workers, ...context }: Network,
  images: readonly LabelledImage[],
  cache: PreparedCache,
): Promise<Outputs> {
  const { model, preprocessing } = loaded;
  const { prepared } = await prepare(images, cache, { workers }, context);
  const pictures = preparedPictures(prepared, cache);
  const values = new Float32Array(prepared.length * model.classes);
  await forEachImage(
    { count: pictures.count, read: async (index) => (await pictures.read(index)).pixels },
    (x) => model.forward(x),
    (index, row) => values.set(row, index * model.classes),
    {
      device,
      preprocessing,
      batch: forwardBatch(device, largestActivation(sideOf(preprocessing))),
      task: 'evaluating for the report',
      ...context,
    },
  );
  return { images: prepared, values, picture: (index) => pictures.read(index) };
}

/** What outputs are of. */
export interface Answering {
  readonly part: PartName;
  readonly task: Task;
  readonly temperature: number | null;
  /** That heat maps are made with; null: there are none. */
  readonly network: Network | null;
}

/** All that a report tells of outputs. */
export async function evaluatedPart(outputs: Outputs, answering: Answering): Promise<EvaluatedPart> {
  const { info } = answering.task;
  return info.kind === 'classification'
    ? classifiedPart(outputs, info.classes, answering)
    : valuedPart(outputs, answering);
}

async function classifiedPart(
  outputs: Outputs,
  classes: readonly string[],
  { part, task, temperature, network }: Answering,
): Promise<ClassifiedPart> {
  const { images, values } = outputs;
  const labels = images.map(({ label }) => label);
  const scored = { scores: values, labels, classes: classes.length };
  const metrics = task.metrics(values, images, { temperature }) as ClassifiedPart['metrics'];
  const answers = answersOf({ ...scored, scores: softmaxRows(scored, temperature ?? 1) });
  const shown = async ({
    image,
    label,
    predicted,
    probability,
    ofLabel,
  }: Answer): Promise<AnsweredImage> => ({
    name: images[image].name,
    label: classes[label],
    predicted: classes[predicted],
    probability,
    ofLabel,
    picture: await pictureOf(await outputs.picture(image)),
  });
  const all = (some: readonly Answer[]) => Promise.all(some.map(shown));
  const pairs = confusedPairs(answers, MOST_PAIRS).map(async ({ label, predicted, answers: of }) => ({
    label: classes[label],
    predicted: classes[predicted],
    count: of.length,
    support: metrics.per_class[label].support,
    examples: await all(of.slice(0, EXAMPLES_OF_PAIR)),
  }));
  const unscaled = answersOf({ ...scored, scores: softmaxRows(scored) });
  const explain = (some: readonly Answer[]) => explained(some, outputs, shown, network);
  return {
    kind: 'classification',
    part,
    metrics,
    classes: classRows(metrics),
    worst: await all(worstOf(answers, MOST_WORST)),
    pairs: await Promise.all(pairs),
    reliability: reliabilityBins(unscaled, BINS),
    scaledReliability: temperature === null ? null : reliabilityBins(answers, BINS),
    hits: await explain(hitsOf(answers, MOST_HITS)),
    misses: await explain(missesOf(answers, MOST_MISSES)),
  };
}

/** Whether a head has a slope, by which heat maps go. */
export function canBeExplained({ model }: Pick<LoadedModel, 'model'>): boolean {
  return model.head instanceof Linear;
}

async function explained(
  answers: readonly Answer[],
  { picture }: Outputs,
  shown: (answer: Answer) => Promise<AnsweredImage>,
  network: Network | null,
): Promise<ExplainedImage[]> {
  if (network === null || !canBeExplained(network.loaded)) return [];
  const { device, loaded, signal } = network;
  const { model, preprocessing, task } = loaded;
  const result: ExplainedImage[] = [];
  for (const answer of answers) {
    const image = await picture(answer.image);
    const maps: ExplainedImage['maps'][number][] = [];
    for (const index of new Set([answer.predicted, answer.label])) {
      const map = await heatMap('grad-cam', { device, model, preprocessing, signal }, image.pixels, index);
      maps.push({ class: task.names[index], picture: await pictureOf(overlay(image, map)) });
    }
    result.push({ ...(await shown(answer)), maps });
  }
  return result;
}

async function valuedPart(
  { images, values, picture }: Outputs,
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
      image,
      value: of?.[c] ?? Number.NaN,
      predicted: answers[image].values[column],
    }));
    const error = ({ value, predicted }: Pick<ValuedImage, 'value' | 'predicted'>) =>
      Math.abs(predicted - value);
    const worst = points.toSorted((a, b) => error(b) - error(a)).slice(0, MOST_WORST_VALUES);
    columns.push({
      column,
      points: spread(points.length, MOST_POINTS).map((i) => points[i]),
      worst: await Promise.all(
        worst.map(async ({ image, ...point }) => ({
          ...point,
          picture: await pictureOf(await picture(image)),
        })),
      ),
    });
  }
  return {
    kind: 'regression',
    part,
    metrics: task.metrics(values, images, null) as ValuedPart['metrics'],
    columns,
  };
}

interface Answered {
  readonly values: Readonly<Record<string, number>>;
}
