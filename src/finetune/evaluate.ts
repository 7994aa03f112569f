/** `attune evaluate`: a trained run, or a model with weights, on a folder of labelled images. */
import {
  countedSamples,
  imageSettings,
  inputOf,
  inputRow,
  openImageStore,
  openSamples,
  type PreparedSample,
  type SampleSource,
  type SampleStore,
  type SampleWords,
  sideOf,
  type TestViews,
} from '../inputs/index.js';
import { openDevice } from '../runs/device.js';
import {
  checkCount,
  DEVICE_NAMES,
  SOURCE_NAMES,
  refuseUnknown,
  requireData,
} from '../recipe/option-names.js';
import type { OptionNames } from '../option-names.js';
import { requireHead } from '../runs/left-out-layers.js';
import { type LoadedModel, loadModel } from '../runs/model-source.js';
import type { DeviceOptions, ModelSource, RunContext } from '../recipe/options.js';
import type { EvaluateResult, TaskKind } from '../recipe/results.js';
import { checkSplit, imagesToMeasure, splitNote } from '../training/inference/measured-images.js';
import { countTrained } from './trained-images.js';
import { checkViews, predictEach, preprocessingFor, viewedSamples } from '../training/inference/test-time.js';
import { prepare } from '../runs/data/training-data.js';
import { freeze } from '../nn/index.js';
import { count } from '../text.js';

/** What `evaluate` needs: a run or a model with weights, and labelled images. */
export interface EvaluateOptions extends ModelSource, DeviceOptions {
  /**
   * A folder of class folders; without a run also ImageNet's, named by WordNet id. Or a CSV file with labels, and of a
   * regression one with the columns that it was trained for.
   */
  readonly data: string;
  /** The folder that paths in a CSV file are relative to. Default: that of the file. */
  readonly images?: string;
  /** The column of labels of a CSV file. Default: the one that the run was trained with, else the one that has its classes. */
  readonly label?: string;
  /**
   * 'train', 'val', 'test' or 'all': by which images of a data set with parts is measured, be they folders or rows of a
   * column split. Default: 'test', or 'val' where there are none.
   */
  readonly split?: string;
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
  label: true,
  split: true,
  workers: true,
  batchSize: true,
  tta: true,
};

/**
 * Evaluates, and says which images it goes by, and how many of them the run was trained with. Throws as `finetune` does.
 */
export async function evaluate<T extends TaskKind = 'classification'>(
  options: EvaluateOptions,
  context: RunContext = {},
): Promise<EvaluateResult<T>> {
  refuseUnknown(options, NAMES, context, 'evaluate');
  requireData(options.data, 'evaluate');
  checkCount(options.batchSize, 'the batch size', '--batch-size');
  const views = checkViews(options.tta);
  checkSplit(options.split);
  const loaded = await loadModel(options, context);
  requireHead(loaded);
  const { images, skipped, split } = await imagesToMeasure(options, loaded, context.signal);
  const { model } = loaded;
  const { files: words } = inputRow(loaded.input.kind);
  const { store, source } = await openMeasured(loaded, views, options.workers);
  try {
    const note = splitNote(split, countedSamples(images.length, words));
    if (note !== null) context.onEvent?.({ type: 'note', text: note });
    const prepared = await prepare(images, loaded.input, store, context);
    const trained = await countTrained(options.run, prepared.prepared);
    if (trained !== null && trained > 0)
      context.onEvent?.({ type: 'note', text: trainedNote(trained, prepared.prepared.length, words) });
    const outputs = new Float32Array(prepared.prepared.length * model.classes);
    const device = await openDevice(options, context);
    try {
      await freeze(model);
      await model.to(device);
      const batch = options.batchSize ?? null;
      await predictEach(
        source(prepared.prepared),
        (x) => model.forward(x),
        (index, row) => outputs.set(row, index * model.classes),
        {
          views,
          task: loaded.task,
          temperature: loaded.temperature,
          inference: { device, input: inputOf(loaded.input), batch, activity: 'evaluating', ...context },
        },
      );
    } finally {
      await device.close();
    }
    const metrics = loaded.task.metrics(outputs, prepared.prepared, loaded);
    const result = {
      task: loaded.task.info.kind,
      input: loaded.input.kind,
      ...metrics,
      ...split,
      trained_on: trained,
      skipped: [...skipped, ...prepared.skipped],
    };
    return result as EvaluateResult<TaskKind> as unknown as EvaluateResult<T>;
  } finally {
    await store.close();
  }
}

/** What holds the samples, and gives them as they are predicted: images in their views, where there are any. */
async function openMeasured(
  { input }: LoadedModel,
  views: TestViews | null,
  workers: number | undefined,
): Promise<{ store: SampleStore; source: (samples: readonly PreparedSample[]) => SampleSource }> {
  if (views === null) {
    const store = await openSamples(input, { workers, variation: null });
    return { store, source: (samples) => store.source(samples) };
  }
  const preprocessing = imageSettings(input, '--tta');
  const store = await openImageStore(preprocessingFor(views, preprocessing), { workers, variation: null });
  const side = sideOf(preprocessing);
  return { store, source: (samples) => viewedSamples(store.pictures(samples), side, views) };
}

function trainedNote(trained: number, images: number, words: SampleWords): string {
  const some = trained === images ? 'all' : `${count(trained)} of these`;
  return `Note: the run was trained with ${some} ${countedSamples(images, words)}, so what is measured is too good; name other ${words.many}, or tell the parts of the data set by a column split or by folders train, val and test.`;
}
