/**
 * The strategy `probe`: features of the frozen trunk once, then a linear head to convergence, its L2 strength
 * by stratified 5-fold cross-validation. The task says which loss the head minimises.
 */
import { HEAD_STAGE } from './choices.js';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type LabelledImage, openFeatureCache, type Preprocessing, stratifiedFolds } from '../data/index.js';
import { replaceHead, type ImageClassifier } from '../models/index.js';
import { freeze } from '../nn/index.js';
import { minimize } from '../optim/index.js';
import type { Device } from '../program/device.js';
import { featuresOf } from './features.js';
import { forwardBatch, largestActivation } from './device.js';
import { type FeatureSet, featureScale, HEAD_CONVERGENCE, type LinearHead } from './head-problem.js';
import { sideOf } from './inference.js';
import { throwIfAborted } from './interruption.js';
import { chooseStrength } from './l2-strength.js';
import type { EpochRecord, RunContext } from './options.js';
import type { Recipe } from './recipe-schema.js';
import type { Best, Task } from './task.js';
import type { ImagePart, TrainingData } from './training-data.js';

const FOLDS = 5;
/** More iterations than any convergence has taken; an end all the same. */
const MAX_ITERATIONS = 500;

export interface ProbeOptions extends RunContext {
  readonly device: Device;
  readonly model: ImageClassifier;
  readonly preprocessing: Preprocessing;
  /** Identifies weights and architecture in the feature cache. */
  readonly weightsHash: string;
  readonly seed: number;
  /** What images count in the loss, as the recipe has it. */
  readonly classWeights: Recipe['class_weights'];
  /** The most iterations; null: until the head converges. */
  readonly headEpochs: number | null;
}

export interface ProbeResult {
  readonly epochs: readonly EpochRecord[];
  readonly l2: number;
  readonly heldOutLosses: readonly number[];
  readonly converged: boolean;
  /** Outputs [images, names of the task] of each part with the final head. */
  readonly outputs: { readonly train: Float32Array; readonly val: Float32Array; readonly test: Float32Array };
  /** The validation of the final head; null when there are no images for it. */
  readonly best: Best | null;
}

/** The features of a part, and the images that they are of. */
type PartFeatures = FeatureSet & { readonly images: readonly LabelledImage[] };

/** Fits a head for `data` and puts it onto the model. */
export async function probe(data: TrainingData, options: ProbeOptions): Promise<ProbeResult> {
  const { device, model, seed, onEvent, signal } = options;
  const { task } = data;
  const { train: unweighted, val, test } = await allFeatures(data, options);
  const weights = task.imageWeights(unweighted.images, { class_weights: options.classWeights });
  const train = { ...unweighted, weights };

  const folds = Math.min(FOLDS, train.labels.length);
  const fold = stratifiedFolds(train.labels, folds, seed);
  const folded = task.headProblem(device, train, train.images, featureScale(train), folds);
  const onProgress = (done: number, total: number) =>
    onEvent?.({ type: 'progress', task: 'choosing L2', done, total, secondsLeft: null });
  const { l2, heldOutLosses } = await chooseStrength(
    folded,
    task.strengths,
    fold,
    onProgress,
    signal,
  ).finally(() => folded.close());
  onEvent?.({
    type: 'note',
    text: `L2 strength ${l2}: the least held-out loss of ${folds}-fold cross-validation.`,
  });

  const fit = await fitHead(train, val, task, l2, options);
  replaceHead(model, task.names.length, seed);
  model.head.weight.set(fit.head.weight);
  model.head.bias?.set(fit.head.bias);
  const outputs = (set: FeatureSet) => applyHead(set, fit.head, signal);
  const onVal = await outputs(val);
  return {
    epochs: fit.epochs,
    l2,
    heldOutLosses,
    converged: fit.converged,
    outputs: { train: await outputs(train), val: onVal, test: await outputs(test) },
    best: task.best(fit.epochs.length, task.score(onVal, val.images), onVal, val.images),
  };
}

/** Features of all parts; the trunk moves to the device only when some have to be computed. */
export async function allFeatures(
  data: TrainingData,
  options: Omit<ProbeOptions, 'seed' | 'classWeights' | 'headEpochs'>,
) {
  const { device, model, preprocessing, weightsHash, onEvent, signal } = options;
  const cache = await openFeatureCache({ weightsHash, preprocessing, length: model.head.inputs });
  try {
    await freeze(model);
    if (
      [data.train, data.val, data.test].some(({ images }) =>
        images.some(({ fileHash }) => !cache.has(fileHash)),
      )
    ) {
      await model.to(device);
    }
    const batch = forwardBatch(device, largestActivation(sideOf(preprocessing)));
    const of = async ({ images, dataset }: ImagePart, task: string): Promise<PartFeatures> => {
      const where = { device, preprocessing, batch, task, ...context(onEvent, signal) };
      return { ...(await featuresOf(model, images, dataset, cache, where)), images };
    };
    return {
      train: await of(data.train, 'features'),
      val: await of(data.val, 'features (validation)'),
      test: await of(data.test, 'features (test)'),
    };
  } finally {
    await cache.close();
  }
}

function context(onEvent: RunContext['onEvent'], signal: RunContext['signal']): RunContext {
  return { ...(onEvent && { onEvent }), ...(signal && { signal }) };
}

interface Fit {
  readonly head: LinearHead;
  readonly epochs: readonly EpochRecord[];
  readonly converged: boolean;
}

/** Minimises over all training images; every iteration is one pass over them, and is reported as an epoch. */
async function fitHead(
  train: PartFeatures,
  val: PartFeatures,
  task: Task,
  l2: number,
  { device, headEpochs, onEvent, signal }: ProbeOptions,
): Promise<Fit> {
  const scale = featureScale(train);
  const problem = task.headProblem(device, train, train.images, scale);
  const validation = val.images.length > 0 ? task.headProblem(device, val, val.images, scale) : null;
  const targets = task.targets(train.images);
  const epochs: EpochRecord[] = [];
  let started = performance.now();
  const evaluate = async (point: Float64Array) => {
    throwIfAborted(signal);
    return (await problem.evaluate([point], l2))[0];
  };
  try {
    const fit = await minimize(evaluate, new Float64Array(problem.size), {
      ...HEAD_CONVERGENCE,
      maxIterations: headEpochs ?? MAX_ITERATIONS,
      async onIteration(epoch, point, onTrain) {
        const seconds = (performance.now() - started) / 1000;
        const onVal = validation === null ? null : (await validation.evaluate([point], 0))[0];
        const correct = task.countRight(onTrain.predicted, targets);
        const record: EpochRecord = {
          epoch,
          stage: HEAD_STAGE,
          lr: {},
          train_loss: onTrain.dataLoss,
          ...task.trainRecord({ correct, images: train.images.length }),
          val_loss: onVal?.dataLoss ?? null,
          ...task.valRecord(onVal && task.scorePredictions(onVal.predicted, onVal.dataLoss, val.images)),
          seconds,
          images_per_second: train.images.length / seconds,
        };
        epochs.push(record);
        onEvent?.({
          type: 'progress',
          task: 'head',
          done: epoch,
          total: headEpochs,
          secondsLeft: null,
          detail: detailOf(record),
        });
        started = performance.now();
      },
    });
    return { head: problem.head(fit.point), epochs, converged: fit.converged };
  } finally {
    problem.close();
    validation?.close();
  }
}

function detailOf({ train_loss, train_accuracy }: EpochRecord): string {
  const loss = `loss ${train_loss?.toFixed(4)}`;
  return typeof train_accuracy === 'number'
    ? `${loss}, accuracy ${(100 * train_accuracy).toFixed(1)} %`
    : loss;
}

/** Multiplications of `applyHead` before the event loop has its turn: some milliseconds. */
const PRODUCTS_AT_ONCE = 4e6;

/** Features times weights plus bias, in float64: done once, and on this thread, which must stay able to answer. */
export async function applyHead(
  { values, labels, length }: FeatureSet,
  { weight, bias }: LinearHead,
  signal: AbortSignal | undefined,
): Promise<Float32Array> {
  const width = bias.length;
  const outputs = new Float32Array(labels.length * width);
  const row = new Float64Array(width);
  const rowsAtOnce = Math.ceil(PRODUCTS_AT_ONCE / (length * width));
  for (let i = 0; i < labels.length; i++) {
    if (i % rowsAtOnce === rowsAtOnce - 1) {
      await nextTurn();
      throwIfAborted(signal);
    }
    row.set(bias);
    for (let f = 0; f < length; f++) {
      const feature = values[i * length + f];
      for (let c = 0; c < width; c++) row[c] += feature * weight[f * width + c];
    }
    outputs.set(row, i * width);
  }
  return outputs;
}
