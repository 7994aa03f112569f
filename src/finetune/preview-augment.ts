/** `attune augment`: some training images, and what training would see of them in its first epochs. */
import {
  augmentationOf,
  augmentImage,
  centerCropImage,
  drawSteps,
  imagenetPreprocessing,
  openImagePool,
  refuseUnlessImages,
  type RgbImage,
  sampleOf,
  stack,
  variedImages,
} from '../inputs/index.js';
import { openDevice, summarize } from '../runs/device.js';
import { throwIfAborted } from '../interruption.js';
import type { DeviceOptions, RunContext } from '../recipe/options.js';
import type { DeviceSummary } from '../recipe/results.js';
import { checkCount, DEVICE_NAMES, refuseUnknown, requireData } from '../recipe/option-names.js';
import { refuseIdleColumns, refuseIdleSplit } from '../recipe/contradictions.js';
import { DEFAULT_SEED, DEFAULT_VAL_SPLIT, defaultCropScale, resolveRecipe } from '../recipe/recipe.js';
import { factsOf } from '../runs/data/folds.js';
import { findImages } from '../runs/data/training-data.js';
import type { OptionNames } from '../option-names.js';
import { counted } from '../text.js';

/** The images, and how they would be varied. */
export interface PreviewAugmentOptions extends DeviceOptions {
  /** As of `finetune`. */
  readonly data: string;
  readonly images?: string;
  readonly label?: string;
  readonly target?: readonly string[];
  readonly val?: string;
  readonly valSplit?: number;
  /** Side of what the network would see. Default 224. */
  readonly imageSize?: number;
  /** As of `finetune`. Default: what it does where nothing is said. */
  readonly augment?: string;
  readonly seed?: number;
  /** How many images. Default 8. */
  readonly count?: number;
  /** How many epochs of each. Default 5. */
  readonly views?: number;
  readonly workers?: number;
}

const NAMES: OptionNames<PreviewAugmentOptions> = {
  ...DEVICE_NAMES,
  data: true,
  images: true,
  label: true,
  target: true,
  val: true,
  valSplit: true,
  imageSize: true,
  augment: true,
  seed: true,
  count: true,
  views: true,
  workers: true,
};

/** An image and its views, all of one size. */
export interface PreviewedImage {
  readonly path: string;
  /** Its class; of a CSV file its values, as `age 31, weight 78.5`. */
  readonly label: string;
  /** What evaluation would see. */
  readonly original: RgbImage;
  readonly views: readonly RgbImage[];
}

/** What a sheet of views is made of. */
export interface AugmentPreview {
  readonly augment: string;
  /** The least share of a picture that a random crop takes; null without crops. */
  readonly crop_scale: number | null;
  readonly seed: number;
  readonly image_size: number;
  readonly device: DeviceSummary;
  readonly images: readonly PreviewedImage[];
}

/**
 * Augments some images, the same number of each class as near as can be, as `finetune` would with the same seed where
 * every image can be read. Throws AttuneError 'usage', 'input' naming an image that cannot be read, 'data', 'device'.
 */
export async function previewAugment(
  options: PreviewAugmentOptions,
  context: RunContext = {},
): Promise<AugmentPreview> {
  refuseUnknown(options, NAMES, context, 'previewAugment');
  requireData(options.data, 'previewAugment');
  const { data, seed = DEFAULT_SEED, imageSize: side = 224, count = 8, views = 5 } = options;
  checkCount(options.imageSize, 'the side of the images', '--image-size');
  checkCount(count, 'the number of images', '--count');
  checkCount(views, 'the number of epochs', '--views');
  refuseIdleColumns(data, options);
  const { val = null, valSplit = DEFAULT_VAL_SPLIT, images = null, label = null, target = null } = options;
  const found = await findImages(data, { val, valSplit, seed, images, label, target }, context.signal);
  refuseUnlessImages(found.inputKind, 'attune augment');
  refuseIdleSplit(options.valSplit, found);
  if (found.note !== null) context.onEvent?.({ type: 'note', text: found.note });
  const facts = factsOf(found);
  const defaults = resolveRecipe({ data }, { ...facts, model: '', weights: '', side });
  const augment = options.augment ?? defaults.augment;
  if (options.augment === undefined && augment === 'none') {
    const text = `With ${counted(facts.images, 'training image')} attune finetune varies none by default; --augment standard shows what it could do.`;
    context.onEvent?.({ type: 'note', text });
  }
  const cropScale = defaultCropScale(facts);
  const augmentation = augmentationOf(augment, cropScale);
  const preprocessing = imagenetPreprocessing(side);
  const device = await openDevice(options, context);
  const pool = openImagePool({ workers: options.workers });
  try {
    const shown: PreviewedImage[] = [];
    for (const index of spread(found.train.length, count)) {
      throwIfAborted(context.signal);
      const { path } = found.train[index];
      const whole = { ...preprocessing, crop: null };
      const { image } = await pool.run({ kind: 'prepare', path, preprocessing: whole });
      const samples = Array.from({ length: views }, (_, epoch) => ({ seed, epoch, index }));
      const cut = samples.map((sample) =>
        augmentImage(image, side, augmentation, sample, preprocessing.interpolation),
      );
      const steps = samples.map((sample) => drawSteps(augmentation.parts ?? [], side, sample));
      const { images: bytes } = stack(cut.map(sampleOf)).arrays;
      const seen = await device.run(() => variedImages(bytes as Uint8Array, side, steps));
      const length = seen.length / views;
      shown.push({
        path,
        label: found.task.caption(found.train[index]),
        original: centerCropImage(image, side),
        views: samples.map((_, i) => ({
          width: side,
          height: side,
          pixels: Uint8Array.from(seen.subarray(i * length, (i + 1) * length)),
        })),
      });
    }
    return {
      augment,
      crop_scale: augmentation.kind === 'standard' ? cropScale : null,
      seed,
      image_size: side,
      device: summarize(device),
      images: shown,
    };
  } finally {
    await pool.close();
    await device.close();
  }
}

/** `count` places among `length`, evenly spread: images are in the order of their classes. */
function spread(length: number, count: number): number[] {
  const taken = Math.min(length, count);
  return Array.from({ length: taken }, (_, i) => Math.floor(((i + 0.5) * length) / taken));
}
