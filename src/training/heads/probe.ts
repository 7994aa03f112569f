/**
 * The strategy `probe`: features of the frozen trunk once, then a linear head to convergence, its L2 strength
 * by stratified 5-fold cross-validation; or a head that is read off the features (stored-heads.ts). The task says which
 * loss the head minimises.
 */
import { HEAD_STAGE } from '../../recipe/choices.js';
import { type LabelledImage, openFeatureCache, stratifiedFolds } from '../../inputs/index.js';
import type { Head, Network } from '../../models/index.js';
import { freeze, nearestNeighbors } from '../../nn/index.js';
import { minimize } from '../../optim/index.js';
import type { Device } from '../../program/device.js';
import { featuresOf } from './features.js';
import { type FeatureSet, featureScale, HEAD_CONVERGENCE } from '../../tasks/heads/head-problem.js';
import { throwIfAborted } from '../../interruption.js';
import { chooseStrength, HEAD_FOLDS } from './l2-strength.js';
import type { RunContext } from '../../recipe/options.js';
import type { EpochRecord } from '../../recipe/results.js';
import { headWeightPowerOf } from '../../methods/index.js';
import type { Recipe } from '../../recipe/recipe-schema.js';
import type { Run } from '../../runs/run.js';
import { applyHead, linearLayer, prototypes } from './stored-heads.js';
import { type Best, measureText, type Task, trainRecord, valRecord } from '../../tasks/index.js';
import type { SamplePart, TrainingData } from '../../runs/data/training-data.js';

/** More iterations than any convergence has taken; an end all the same. */
const MAX_ITERATIONS = 500;

/** What features are computed by. */
export interface FeatureOptions extends RunContext {
  readonly device: Device;
  readonly model: Network;
  /** Identifies weights and architecture in the feature cache. */
  readonly weightsHash: string;
}

export interface ProbeOptions extends FeatureOptions {
  readonly seed: number;
  readonly head: Recipe['head'];
  readonly neighbors: number;
  /** Classes weigh 1 / images^this. */
  readonly weightPower: number;
  /** The most iterations; null: until the head converges. */
  readonly headEpochs: number | null;
}

export interface ProbeResult {
  readonly epochs: readonly EpochRecord[];
  /** Null for a head that is not fitted. */
  readonly l2: number | null;
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
  const { device, model, signal } = options;
  const { task } = data;
  const { train: unweighted, val, test } = await allFeatures(data, options);
  const weights = task.imageWeights(unweighted.images, options.weightPower);
  const train = { ...unweighted, weights };

  const fit =
    options.head === 'logistic'
      ? await fitLogistic(train, val, task, options)
      : await storeHead(train, val, task, options);
  model.head = fit.head;
  const outputs = (set: FeatureSet) => applyHead(fit.head, set, device, signal);
  const onVal = await outputs(val);
  return {
    ...fit,
    outputs: { train: await outputs(train), val: onVal, test: await outputs(test) },
    best: task.best(fit.epochs.length, task.score(onVal, val.images), onVal, val.images),
  };
}

/** Features of all parts; the trunk moves to the device only when some have to be computed. */
export async function allFeatures(data: TrainingData, options: FeatureOptions) {
  const { device, model, weightsHash, onEvent, signal } = options;
  const { input } = data;
  const { mixed } = device;
  const cache = await openFeatureCache({
    weightsHash,
    input: input.key,
    length: model.head.inputs,
    mixed,
  });
  try {
    await freeze(model);
    if (
      [data.train, data.val, data.test].some(({ images }) =>
        images.some(({ fileHash }) => !cache.has(fileHash)),
      )
    ) {
      await model.to(device);
    }
    const of = async (part: SamplePart, activity: string): Promise<PartFeatures> => {
      const where = { device, input, batch: null, activity, ...context(onEvent, signal) };
      return { ...(await featuresOf(model, part, cache, where)), images: part.images };
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
  readonly head: Head;
  readonly epochs: readonly EpochRecord[];
  readonly l2: number | null;
  readonly heldOutLosses: readonly number[];
  readonly converged: boolean;
}

/** Without iterations: what is reported as an epoch is the making of the head. */
async function storeHead(
  train: PartFeatures,
  val: PartFeatures,
  task: Task,
  { device, head: kind, neighbors, signal }: ProbeOptions,
): Promise<Fit> {
  const started = performance.now();
  const classes = task.names.length;
  const isImages = kind === 'nearest-neighbors';
  const head = isImages
    ? nearestNeighbors(train.values, train.labels, { outputs: classes, neighbors })
    : linearLayer(prototypes(train, classes));
  const score = async (set: PartFeatures) =>
    task.score(await applyHead(head, set, device, signal), set.images);
  // A training image is its own nearest neighbour: to find itself says nothing.
  const onTrain = isImages ? null : await score(train);
  const onVal = val.images.length > 0 ? await score(val) : null;
  const seconds = (performance.now() - started) / 1000;
  const record: EpochRecord = {
    epoch: 1,
    stage: HEAD_STAGE,
    lr: {},
    train_loss: onTrain?.loss ?? null,
    ...trainRecord(task.measures, onTrain?.values ?? {}),
    val_loss: onVal?.loss ?? null,
    ...valRecord(task.measures, onVal),
    seconds,
    images_per_second: train.images.length / seconds,
  };
  return { head, epochs: [record], l2: null, heldOutLosses: [], converged: true };
}

/** With the L2 strength of the least held-out loss. */
async function fitLogistic(
  train: PartFeatures,
  val: PartFeatures,
  task: Task,
  options: ProbeOptions,
): Promise<Fit> {
  const { device, seed, onEvent, signal } = options;
  const folds = Math.min(HEAD_FOLDS, train.labels.length);
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
  return { ...(await minimizeHead(train, val, task, l2, options)), l2, heldOutLosses };
}

/** Minimises over all training images; every iteration is one pass over them, and is reported as an epoch. */
async function minimizeHead(
  train: PartFeatures,
  val: PartFeatures,
  task: Task,
  l2: number,
  { device, headEpochs, onEvent, signal }: ProbeOptions,
): Promise<Pick<Fit, 'head' | 'epochs' | 'converged'>> {
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
          ...trainRecord(task.measures, task.trainValues({ correct, images: train.images.length })),
          val_loss: onVal?.dataLoss ?? null,
          ...valRecord(
            task.measures,
            onVal && task.scorePredictions(onVal.predicted, onVal.dataLoss, val.images),
          ),
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
          detail: detailOf(record, task),
        });
        started = performance.now();
      },
    });
    return { head: linearLayer(problem.head(fit.point)), epochs, converged: fit.converged };
  } finally {
    problem.close();
    validation?.close();
  }
}

function detailOf(record: EpochRecord, { measures: { training } }: Task): string {
  const others = training.map(
    ({ key, name, format }) => `, ${name} ${measureText(format, record[`train_${key}`] ?? null)}`,
  );
  return `loss ${record.train_loss?.toFixed(4)}${others.join('')}`;
}

/** Fits the head of a run on cached features. */
export async function runProbe({ loaded, recipe, data, device, context }: Run): Promise<ProbeResult> {
  return probe(data, {
    device,
    model: loaded.model,
    weightsHash: loaded.weightsHash,
    seed: recipe.seed,
    head: recipe.head,
    neighbors: recipe.neighbors,
    weightPower: headWeightPowerOf(recipe),
    headEpochs: recipe.head_epochs,
    ...context,
  });
}
