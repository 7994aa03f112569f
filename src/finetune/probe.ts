/**
 * The strategy `probe`: features of the frozen trunk once, then a logistic head to convergence, its L2 strength
 * by stratified 5-fold cross-validation.
 */
import { HEAD_STAGE } from './choices.js';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { openFeatureCache, type Preprocessing, stratifiedFolds } from '../data/index.js';
import { replaceHead, type ImageClassifier } from '../models/index.js';
import { freeze } from '../nn/index.js';
import { minimize } from '../optim/index.js';
import type { Device } from '../program/device.js';
import { fitTemperature } from './calibration.js';
import { featuresOf } from './features.js';
import { forwardBatch, largestActivation } from './device.js';
import { sideOf } from './inference.js';
import { throwIfAborted } from './interruption.js';
import { chooseStrength } from './l2-strength.js';
import {
  type FeatureSet,
  featureScale,
  HEAD_CONVERGENCE,
  type LinearHead,
  LogisticProblem,
} from './logistic-head.js';
import type { EpochRecord, RunContext } from './options.js';
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
  /** The most iterations; null: until the head converges. */
  readonly headEpochs: number | null;
}

export interface ProbeResult {
  readonly epochs: readonly EpochRecord[];
  readonly l2: number;
  readonly heldOutLosses: readonly number[];
  readonly converged: boolean;
  /** Of the final head on the validation images; null when there are none. */
  readonly temperature: number | null;
  /** Logits [images, classes] of each part with the final head. */
  readonly logits: { readonly train: Float32Array; readonly val: Float32Array; readonly test: Float32Array };
}

/** Fits a head for `data` and puts it onto the model. */
export async function probe(data: TrainingData, options: ProbeOptions): Promise<ProbeResult> {
  const { device, model, seed, onEvent, signal } = options;
  const { train, val, test } = await allFeatures(data, options);
  const classes = data.classes.length;

  const folds = Math.min(FOLDS, train.labels.length);
  const fold = stratifiedFolds(train.labels, folds, seed);
  const { l2, heldOutLosses } = await chooseStrength(
    device,
    train,
    classes,
    fold,
    (done, total) => {
      onEvent?.({ type: 'progress', task: 'choosing L2', done, total, secondsLeft: null });
    },
    signal,
  );
  onEvent?.({
    type: 'note',
    text: `L2 strength ${l2}: the least held-out loss of ${folds}-fold cross-validation.`,
  });

  const fit = await fitHead(train, val, classes, l2, options);
  replaceHead(model, classes, seed);
  model.head.weight.set(fit.head.weight);
  model.head.bias?.set(fit.head.bias);
  const logits = (set: FeatureSet) => applyHead(set, fit.head, classes, signal);
  const onVal = await logits(val);
  return {
    epochs: fit.epochs,
    l2,
    heldOutLosses,
    converged: fit.converged,
    temperature: fitTemperature({ scores: onVal, labels: val.labels, classes }),
    logits: { train: await logits(train), val: onVal, test: await logits(test) },
  };
}

/** Features of all parts; the trunk moves to the device only when some have to be computed. */
async function allFeatures(data: TrainingData, options: ProbeOptions) {
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
    const of = ({ images, dataset }: ImagePart, task: string) =>
      featuresOf(model, images, dataset, cache, {
        device,
        preprocessing,
        batch,
        task,
        ...context(onEvent, signal),
      });
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
  train: FeatureSet,
  val: FeatureSet,
  classes: number,
  l2: number,
  { device, headEpochs, onEvent, signal }: ProbeOptions,
): Promise<Fit> {
  const scale = featureScale(train);
  const problem = new LogisticProblem(device, train, scale, classes);
  const validation = val.labels.length > 0 ? new LogisticProblem(device, val, scale, classes) : null;
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
        const accuracy = share(onTrain.predicted, train.labels);
        epochs.push({
          epoch,
          stage: HEAD_STAGE,
          lr: {},
          train_loss: onTrain.dataLoss,
          train_accuracy: accuracy,
          val_loss: onVal?.dataLoss ?? null,
          val_accuracy: onVal === null ? null : share(onVal.predicted, val.labels),
          seconds,
          images_per_second: train.labels.length / seconds,
        });
        const detail = `loss ${onTrain.dataLoss.toFixed(4)}, accuracy ${(100 * accuracy).toFixed(1)} %`;
        onEvent?.({
          type: 'progress',
          task: 'head',
          done: epoch,
          total: headEpochs,
          secondsLeft: null,
          detail,
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

/** Multiplications of `applyHead` before the event loop has its turn: some milliseconds. */
const PRODUCTS_AT_ONCE = 4e6;

/** Features times weights plus bias, in float64: done once, and on this thread, which must stay able to answer. */
async function applyHead(
  { values, labels, length }: FeatureSet,
  { weight, bias }: LinearHead,
  classes: number,
  signal: AbortSignal | undefined,
): Promise<Float32Array> {
  const logits = new Float32Array(labels.length * classes);
  const row = new Float64Array(classes);
  const rowsAtOnce = Math.ceil(PRODUCTS_AT_ONCE / (length * classes));
  for (let i = 0; i < labels.length; i++) {
    if (i % rowsAtOnce === rowsAtOnce - 1) {
      await nextTurn();
      throwIfAborted(signal);
    }
    row.set(bias);
    for (let f = 0; f < length; f++) {
      const feature = values[i * length + f];
      for (let c = 0; c < classes; c++) row[c] += feature * weight[f * classes + c];
    }
    logits.set(row, i * classes);
  }
  return logits;
}

function share(predicted: Int32Array, labels: Int32Array): number {
  return labels.reduce((right, label, i) => right + (predicted[i] === label ? 1 : 0), 0) / labels.length;
}
