/** What a report tells of the images of a part that were put into classes. */
import { imageSettings, settingsOfImages } from '../../inputs/index.js';
import { softmaxRows } from '../../tasks/metrics/scores.js';
import type { LoadedModel } from '../../runs/model-source.js';
import { Linear } from '../../nn/index.js';
import { defaultMethod, heatMap } from '../explain/heat-maps.js';
import type { HeatMapMethod } from '../explain/methods.js';
import { overlay } from '../explain/overlay.js';
import type { Answering, Network, Outputs } from './answered-part.js';
import { pictureOf } from './pictures.js';
import {
  type Answer,
  answersOf,
  classRows,
  confusedPairs,
  hitsOf,
  missesOf,
  reliabilityBins,
  worstOf,
} from './rankings.js';
import type { AnsweredImage, ClassifiedPart, ExplainedImage } from './report-data.js';

/** Images of each kind that are shown. */
const MOST_WORST = 12;
const MOST_PAIRS = 8;
const EXAMPLES_OF_PAIR = 4;
const MOST_HITS = 8;
const MOST_MISSES = 8;
/** As `calibrationError` has them. */
const BINS = 15;

/** All that a report tells of outputs that are logits of classes. */
export async function classifiedPart(
  outputs: Outputs,
  { part, task, temperature, network }: Answering,
): Promise<ClassifiedPart> {
  const { images, values, words } = outputs;
  const classes = task.names;
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
  const method = network === null ? 'grad-cam' : defaultMethod(network.loaded.model);
  const explain = (some: readonly Answer[]) => explained(some, method, outputs, shown, network);
  return {
    kind: 'classification',
    part,
    words,
    metrics,
    classes: classRows(metrics),
    worst: await all(worstOf(answers, MOST_WORST)),
    pairs: await Promise.all(pairs),
    reliability: reliabilityBins(unscaled, BINS),
    scaledReliability: temperature === null ? null : reliabilityBins(answers, BINS),
    explainedBy: method,
    hits: await explain(hitsOf(answers, MOST_HITS)),
    misses: await explain(missesOf(answers, MOST_MISSES)),
  };
}

/** Why there are no heat maps of a network; null where there are. */
export function whyNotExplained({ model, input }: Pick<LoadedModel, 'model' | 'input'>): string | null {
  if (settingsOfImages(input) === null) return 'they are made for pictures only';
  if (model.featureShape !== 'map' && model.classAttention === null)
    return 'they are made of maps of features or of attention, and this network has neither';
  return model.head instanceof Linear
    ? null
    : 'they go by the slope of a head, and a vote of neighbours has none';
}

async function explained(
  answers: readonly Answer[],
  method: HeatMapMethod,
  { picture }: Outputs,
  shown: (answer: Answer) => Promise<AnsweredImage>,
  network: Network | null,
): Promise<ExplainedImage[]> {
  if (network === null || whyNotExplained(network.loaded) !== null) return [];
  const { device, loaded, signal } = network;
  const { model, task } = loaded;
  const preprocessing = imageSettings(loaded.input, 'the report');
  const result: ExplainedImage[] = [];
  for (const answer of answers) {
    const image = await picture(answer.image);
    const maps: ExplainedImage['maps'][number][] = [];
    for (const index of new Set([answer.predicted, answer.label])) {
      const map = await heatMap(method, { device, model, preprocessing, signal }, image.pixels, index);
      maps.push({ class: task.names[index], picture: await pictureOf(overlay(image, map)) });
    }
    result.push({ ...(await shown(answer)), maps });
  }
  return result;
}
