/** `attune evaluate`: a trained run, or a model with weights, on a folder of labelled images. */
import {
  classFolder,
  isValuesFile,
  openPreparedCache,
  preparedPictures,
  readValuesFile,
  subFolders,
  type LabelledImage,
} from '../../data/index.js';
import { resolve } from 'node:path';
import { AttuneError } from '../../errors.js';
import { imagenetClasses } from '../../models/index.js';
import { forwardBatch, largestActivation, openDevice } from '../device.js';
import { checkCount, sideOf } from './inference.js';
import { DEVICE_NAMES, SOURCE_NAMES, refuseUnknown, requireData } from '../option-names.js';
import type { OptionNames } from '../../option-names.js';
import { type LoadedModel, loadModel } from '../model-source.js';
import type { DeviceOptions, ModelSource, RunContext } from '../options.js';
import type { EvaluateResult, SkippedImage, TaskKind } from '../results.js';
import { checkViews, predictEach, preprocessingFor } from './test-time.js';
import { prepare } from '../run/training-data.js';
import { freeze } from '../../nn/index.js';

/** What `evaluate` needs: a run or a model with weights, and labelled images. */
export interface EvaluateOptions extends ModelSource, DeviceOptions {
  /** A folder of class folders; without a run also ImageNet's, named by WordNet id. Of a regression, a CSV file. */
  readonly data: string;
  /** The folder that paths in a CSV file are relative to. Default: that of the file. */
  readonly images?: string;
  readonly workers?: number;
  /** Images per batch. Default: what suits the device. */
  readonly batchSize?: number;
  /** Test-time augmentation, 'flip', 'five-crop' or 'ten-crop': views of each image whose probabilities are averaged. */
  readonly tta?: string;
}

const NAMES: OptionNames<EvaluateOptions> = {
  ...DEVICE_NAMES,
  ...SOURCE_NAMES,
  data: true,
  images: true,
  workers: true,
  batchSize: true,
  tta: true,
};

/** Evaluates. Throws as `finetune` does. */
export async function evaluate<T extends TaskKind = 'classification'>(
  options: EvaluateOptions,
  context: RunContext = {},
): Promise<EvaluateResult<T>> {
  refuseUnknown(options, NAMES, context, 'evaluate');
  requireData(options.data, 'evaluate');
  checkCount(options.batchSize, 'the batch size', '--batch-size');
  const views = checkViews(options.tta);
  const loaded = await loadModel(options, context);
  const { images, skipped } = await (loaded.task.info.kind === 'regression'
    ? valuedImages(options, loaded.task.names)
    : labelledImages(options, loaded));
  const { preprocessing, model } = loaded;
  const cache = await openPreparedCache(preprocessingFor(views, preprocessing));
  try {
    const prepared = await prepare(images, cache, { workers: options.workers }, context);
    const pictures = preparedPictures(prepared.prepared, cache);
    const outputs = new Float32Array(pictures.count * model.classes);
    const device = await openDevice(options, context);
    try {
      await freeze(model);
      await model.to(device);
      const batch = options.batchSize ?? forwardBatch(device, largestActivation(sideOf(preprocessing)));
      await predictEach(
        pictures,
        (x) => model.forward(x),
        (index, row) => outputs.set(row, index * model.classes),
        {
          views,
          task: loaded.task,
          temperature: loaded.temperature,
          inference: { device, preprocessing, batch, task: 'evaluating', ...context },
        },
      );
    } finally {
      await device.close();
    }
    const metrics = loaded.task.metrics(outputs, prepared.prepared, loaded);
    const result: EvaluateResult<TaskKind> = { ...metrics, skipped: [...skipped, ...prepared.skipped] };
    return result as EvaluateResult<TaskKind> & EvaluateResult<T>;
  } finally {
    await cache.close();
  }
}

/** The images of a folder with the model's class indices; ImageNet's folders may be named by WordNet id. */
async function labelledImages(
  { data, images }: EvaluateOptions,
  { task, isImagenet }: LoadedModel,
): Promise<{ images: readonly LabelledImage[]; skipped: readonly SkippedImage[] }> {
  if (isValuesFile(data) || images !== undefined) {
    throw new AttuneError({
      code: 'usage',
      what: 'the model tells classes, and a CSV file holds values',
      where: images === undefined ? data : '--images',
      hint: 'name a folder that holds one folder of images per class',
    });
  }
  const ids = imagenetClasses().map(({ wordnetId }) => wordnetId);
  const byId = isImagenet && (await subFolders(resolve(data))).some((name) => ids.includes(name));
  const found = await classFolder(data, byId ? ids : task.names);
  if (found.images.length === 0) {
    throw new AttuneError({
      code: 'data',
      what: 'there are no images to evaluate',
      where: data,
      hint: 'name a folder that holds one folder of images per class',
    });
  }
  return found;
}

/** All images of a CSV file that has the columns of the model, whatever part of the data set it says they are. */
async function valuedImages(
  { data, images }: EvaluateOptions,
  columns: readonly string[],
): Promise<{ images: readonly LabelledImage[]; skipped: readonly SkippedImage[] }> {
  if (!isValuesFile(data)) {
    throw new AttuneError({
      code: 'usage',
      what: `the model gives values of ${columns.join(', ')}, which only a CSV file can be compared with`,
      where: data,
      hint: 'name a .csv file with these columns',
    });
  }
  const { rows } = await readValuesFile(data, { images, columns });
  return { images: rows.map(({ image }) => image), skipped: [] };
}
