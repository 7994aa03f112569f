/** `attune predict`: what a trained run, or a model with weights, sees in images. */
import { listImages, openImagePool, type Preprocessing, type RgbImage } from '../../data/index.js';
import { AttuneError } from '../../errors.js';
import { freeze } from '../../nn/index.js';
import { forwardBatch, largestActivation, openDevice } from '../device.js';
import { checkCount, sideOf } from './inference.js';
import { throwIfAborted } from '../interruption.js';
import { DEVICE_NAMES, SOURCE_NAMES } from '../option-names.js';
import { type OptionNames, refuseUnknownOptions } from '../../option-names.js';
import { loadModel } from '../model-source.js';
import type { DeviceOptions, ModelSource, RunContext } from '../options.js';
import type { ModelAnswer, PredictResult, TaskKind } from '../results.js';
import { checkViews, predictEach, preprocessingFor } from './test-time.js';

/** What `predict` needs: a run or a model with weights, and images. */
export interface PredictOptions extends ModelSource, DeviceOptions {
  /** Image files and folders of images. */
  readonly images: readonly string[];
  /** How many labels to give per image. Default 5. */
  readonly top?: number;
  readonly workers?: number;
  /** Test-time augmentation, 'flip', 'five-crop' or 'ten-crop': views of each image whose probabilities are averaged. */
  readonly tta?: string;
}

const NAMES: OptionNames<PredictOptions> = {
  ...DEVICE_NAMES,
  ...SOURCE_NAMES,
  images: true,
  top: true,
  workers: true,
  tta: true,
};

/**
 * Predicts. An image that cannot be read has an `error` in its place; the others are done all the same. Throws
 * as `finetune` does, and AttuneError 'input' when a named file or folder is missing or holds no image.
 */
export async function predict<T extends TaskKind = 'classification'>(
  options: PredictOptions,
  context: RunContext = {},
): Promise<PredictResult<T>> {
  refuseUnknownOptions(options, NAMES, 'predict');
  checkCount(options.top, 'the number of labels', '--top');
  const views = checkViews(options.tta);
  const paths = await imagePaths(options.images);
  const { model, preprocessing, task, temperature } = await loadModel(options, context);
  if (options.top !== undefined && task.info.kind !== 'classification') throw noLabels();
  const prepared = preprocessingFor(views, preprocessing);
  const { pictures, errors } = await readAll(paths, prepared, options.workers, context);
  const readable = paths.filter((path) => pictures.has(path));
  const answers = new Map<string, ModelAnswer[TaskKind]>();
  if (readable.length > 0) {
    const device = await openDevice(options, context);
    try {
      await freeze(model);
      await model.to(device);
      const batch = forwardBatch(device, largestActivation(sideOf(preprocessing)));
      await predictEach(
        { count: readable.length, read: async (index) => pictures.get(readable[index]) as RgbImage },
        (x) => model.forward(x),
        (index, outputs) =>
          void answers.set(readable[index], task.answer(outputs, { top: options.top ?? 5, temperature })),
        {
          views,
          task,
          temperature,
          inference: { device, preprocessing, batch, task: 'predicting', ...context },
        },
      );
    } finally {
      await device.close();
    }
  }
  const images = paths.map((path) => {
    const answer = answers.get(path);
    return answer === undefined ? { path, error: errors.get(path) ?? 'not read' } : { path, ...answer };
  });
  return { model: model.architecture, images } as PredictResult<T>;
}

function noLabels(): AttuneError {
  return new AttuneError({
    code: 'usage',
    what: 'the model gives values, of which all are shown',
    where: '--top',
    hint: 'leave it out',
  });
}

export async function imagePaths(named: readonly string[]): Promise<string[]> {
  // A string is a list of letters, among them / and . whose images would be looked for.
  if (!Array.isArray(named)) {
    throw new AttuneError({
      code: 'usage',
      what: 'the images are no list',
      where: 'images',
      hint: "write images: ['a.jpg']",
    });
  }
  const paths = new Set<string>();
  for (const name of named) {
    const { images } = await listImages(name);
    if (images.length === 0) {
      throw new AttuneError({
        code: 'input',
        what: 'the folder holds no images',
        where: name,
        hint: 'name images, or a folder of them',
      });
    }
    for (const { path } of images) paths.add(path);
  }
  return [...paths];
}

/** Every readable image; the reasons of the others. */
export async function readAll(
  paths: readonly string[],
  preprocessing: Preprocessing,
  workers: number | undefined,
  { onEvent, signal }: RunContext,
): Promise<{ pictures: Map<string, RgbImage>; errors: Map<string, string> }> {
  const pictures = new Map<string, RgbImage>();
  const errors = new Map<string, string>();
  const pool = openImagePool({ workers });
  let done = 0;
  try {
    await Promise.all(
      paths.map(async (path) => {
        try {
          const { image } = await pool.run({ kind: 'prepare', path, preprocessing });
          pictures.set(path, image);
        } catch (error) {
          if (!(error instanceof AttuneError && error.code === 'input')) throw error;
          errors.set(path, error.what);
        }
        throwIfAborted(signal);
        onEvent?.({
          type: 'progress',
          task: 'reading images',
          done: ++done,
          total: paths.length,
          secondsLeft: null,
        });
      }),
    );
  } finally {
    await pool.close();
  }
  return { pictures, errors };
}
