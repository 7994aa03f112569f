/** `attune predict`: what a trained run, or a model with weights, sees in images. */
import { basename, resolve } from 'node:path';
import {
  ANY_FILES,
  imageSettings,
  inputOf,
  inputRow,
  listFiles,
  openImagePool,
  openPictures,
  sideOf,
  type TestViews,
} from '../inputs/index.js';
import { AttuneError } from '../errors.js';
import { freeze } from '../nn/index.js';
import { openDevice } from '../runs/device.js';
import { throwIfAborted } from '../interruption.js';
import { checkCount, DEVICE_NAMES, SOURCE_NAMES, refuseUnknown } from '../recipe/option-names.js';
import type { OptionNames } from '../option-names.js';
import { requireHead } from '../runs/left-out-layers.js';
import { type LoadedModel, loadModel } from '../runs/model-source.js';
import type { DeviceOptions, ModelSource, RunContext } from '../recipe/options.js';
import type { ModelAnswer, PredictResult, TaskKind } from '../recipe/results.js';
import { checkViews, predictEach, preprocessingFor, viewedSamples } from '../training/inference/test-time.js';

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
  refuseUnknown(options, NAMES, context, 'predict');
  checkCount(options.top, 'the number of labels', '--top');
  const views = checkViews(options.tta);
  const paths = [...(await namedImages(options.images)).keys()];
  const loaded = await loadModel(options, context);
  requireHead(loaded);
  const { model, task, temperature } = loaded;
  if (options.top !== undefined && task.topRefusal !== null) throw noTop(task.topRefusal);
  const answers = new Map<string, ModelAnswer[TaskKind]>();
  const { errors, source, look, note, close } = openNamed(paths, loaded, views, options.workers);
  const answerAll = async () => {
    const device = await openDevice(options, context);
    try {
      await freeze(model);
      await model.to(device);
      await predictEach(
        source,
        (x) => model.forward(x),
        (index, outputs) => {
          if (errors.has(paths[index])) return;
          answers.set(paths[index], task.answer(outputs, { top: options.top ?? 5, temperature }));
        },
        {
          views,
          task,
          temperature,
          inference: {
            device,
            input: inputOf(loaded.input),
            batch: null,
            activity: 'predicting',
            ...context,
          },
        },
      );
    } finally {
      await device.close();
    }
  };
  try {
    if (await hasReadable(paths, look, errors, context.signal)) await answerAll();
  } finally {
    await close();
  }
  const text = note();
  if (text !== null) context.onEvent?.({ type: 'note', text });
  const images = paths.map((path) => {
    const answer = answers.get(path);
    return answer === undefined ? { path, error: errors.get(path) ?? 'not read' } : { path, ...answer };
  });
  const answer = { model: model.architecture, task: task.info.kind, input: loaded.input.kind, images };
  return answer as PredictResult<TaskKind> as PredictResult<T>;
}

/** Files as they are predicted, images in their views where there are any; `look` reads one, so that `errors` tells of it. */
function openNamed(
  paths: readonly string[],
  { input }: LoadedModel,
  views: TestViews | null,
  workers: number | undefined,
) {
  const { kind, settings } = input;
  if (views === null) {
    const files = inputRow(kind).openFiles(paths, settings, workers);
    return { ...files, source: files, look: files.read };
  }
  const preprocessing = imageSettings(input, '--tta');
  const pool = openImagePool({ workers });
  const pictures = openPictures(paths, preprocessingFor(views, preprocessing), pool);
  return {
    errors: pictures.errors,
    source: viewedSamples(pictures, sideOf(preprocessing), views),
    look: pictures.read,
    note: () => null,
    close: () => pool.close(),
  };
}

/** Whether there is anything to compute. Throws AttuneError 'interrupted' on the signal. */
async function hasReadable(
  paths: readonly string[],
  look: (index: number) => Promise<unknown>,
  errors: ReadonlyMap<string, string>,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  for (const [index, path] of paths.entries()) {
    throwIfAborted(signal);
    await look(index);
    if (!errors.has(path)) return true;
  }
  return false;
}

function noTop(what: string): AttuneError {
  return new AttuneError({
    code: 'usage',
    what,
    where: '--top',
    hint: 'leave it out',
  });
}

/**
 * The paths of the images that are named, alone or by a folder, with what each is called: its path below that folder, with
 * `/`, or its own name. Throws AttuneError 'usage' for what is no list, 'input' where there is no image.
 */
export async function namedImages(named: readonly string[]): Promise<Map<string, string>> {
  // A string is a list of letters, among them / and . whose images would be looked for.
  if (!Array.isArray(named)) {
    throw new AttuneError({
      code: 'usage',
      what: 'the images are no list',
      where: 'images',
      hint: "write images: ['a.jpg']",
    });
  }
  const found = new Map<string, string>();
  for (const name of named) {
    const { found: files } = await listFiles(name, ANY_FILES);
    if (files.length === 0) {
      throw new AttuneError({
        code: 'input',
        what: `the folder holds no ${ANY_FILES.many}`,
        where: name,
        hint: `name ${ANY_FILES.many}, or a folder of them`,
      });
    }
    const isFile = files[0].path === resolve(name);
    for (const { path, name: below } of files) {
      if (!found.has(path)) found.set(path, isFile ? basename(path) : below);
    }
  }
  return found;
}
