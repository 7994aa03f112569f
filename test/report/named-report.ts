/** A small report whose names are what a test wants them to be: classes, files, folders and all texts from outside. */
import { inputRow } from '#src/inputs/index';
import { computeMetrics } from '#src/tasks/metrics/metrics';
import { resolveRecipe } from '#src/recipe/recipe';
import type { EpochRecord } from '#src/recipe/results';
import { answersOf, classRows, reliabilityBins } from '#src/report/run/rankings';
import type { AnsweredImage, ClassifiedPart, ReportData } from '#src/report/run/report-data';

/** Probabilities of three classes for six images; the first is taken for the third class, the fourth for the second. */
export const scored = {
  classes: 3,
  labels: [0, 0, 0, 2, 1, 2],
  scores: [
    ...[0.1, 0.2, 0.7],
    ...[0.9, 0.1, 0],
    ...[0.6, 0.3, 0.1],
    ...[0.1, 0.8, 0.1],
    ...[0.2, 0.7, 0.1],
    ...[0, 0, 1],
  ],
};
export const epoch = (number: number, accuracy: number, loss: number, stage = 'full'): EpochRecord => ({
  epoch: number,
  stage,
  lr: { trunk: 0.01 },
  train_loss: loss,
  train_accuracy: accuracy,
  val_loss: loss,
  val_accuracy: accuracy,
  seconds: 1,
  images_per_second: 10,
});

export const facts = {
  images: 500,
  smallestClass: 100,
  model: 'resnet18',
  weights: 'resnet18-v1',
  side: 224,
};

/** Eight by eight pixels of one colour. */
const PICTURE = {
  uri: 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEUlEQVR42mOIqpiGFTEMLQkAG9VaAbGsPd0AAAAASUVORK5CYII=',
  width: 8,
  height: 8,
};

/** Every text is one of three class names, and `file` the name of an image. */
export function namedReport(names: readonly [string, string, string], file: string): ReportData {
  const answers = answersOf(scored);
  const metrics = computeMetrics(scored.scores, scored.labels, names);
  const answered: AnsweredImage = {
    name: file,
    label: names[0],
    predicted: names[1],
    probability: 0.7,
    ofLabel: 0.1,
    picture: PICTURE,
  };
  return {
    name: names[0],
    task: { kind: 'classification', classes: [...names] },
    recipe: resolveRecipe({ data: names[0] }, facts),
    madeBy: { attune: '0.1.0', device: { adapter: names[0] } },
    epochs: [epoch(1, 0.5, 0.9, 'head'), epoch(1, 0.6, 0.8), epoch(2, 0.7, 0.7)],
    bestEpoch: 2,
    isFinished: true,
    data: {
      data: names[0],
      words: inputRow('image').files,
      images: { train: 9, val: 6, test: 0 },
      classes: names.map((name) => ({ class: name, train: 3, val: 2, test: 0 })),
      skipped: [{ path: names[0], reason: names[1] }],
      split: names[0],
    },
    main: {
      kind: 'classification',
      part: 'val',
      words: inputRow('image').files,
      metrics,
      classes: classRows(metrics),
      worst: [answered],
      pairs: [{ label: names[0], predicted: names[2], count: 1, support: 3, examples: [answered] }],
      reliability: reliabilityBins(answers, 15),
      scaledReliability: reliabilityBins(answers, 15),
      explainedBy: 'grad-cam',
      hits: [],
      misses: [{ ...answered, maps: [{ class: names[1], picture: PICTURE }] }],
    } as ClassifiedPart,
    test: null,
    folds: null,
    advice: [{ rule: 'x', finding: names[0], advice: '--lr 0.1', source: names[1] }],
    notes: [names[0]],
    commands: { again: names[0], flags: names[1], report: names[0], predict: names[1] },
  };
}
