/** `attune explain`: where in an image a network sees the class that it answers with. */
import { stat } from 'node:fs/promises';
import { dirname, extname, join, resolve } from 'node:path';
import {
  assertOwn,
  decodeImage,
  encodeOwnPng,
  imageInput,
  imageSettings,
  openImagePool,
  openPictures,
  PNG_MARK,
  type RgbImage,
} from '../../inputs/index.js';
import { AttuneError } from '../../errors.js';
import { openDevice } from '../../runs/device.js';
import { throwIfAborted } from '../../interruption.js';
import { requireHead } from '../../runs/left-out-layers.js';
import { type LoadedModel, loadModel } from '../../runs/model-source.js';
import type { DeviceOptions, ModelSource, RunContext } from '../../recipe/options.js';
import { checkCount, DEVICE_NAMES, SOURCE_NAMES, refuseUnknown } from '../../recipe/option-names.js';
import { namedImages } from '../../finetune/predict.js';
import type { ImageSource } from '../../training/inference/test-time.js';
import { requireClasses } from '../../tasks/require-classes.js';
import { topPredictions } from '../../tasks/metrics/top-predictions.js';
import { isThere, makeFolder, replaceFile } from '../../formats/index.js';
import { nearest } from '../../nearest.js';
import type { OptionNames } from '../../option-names.js';
import { freeze, Linear } from '../../nn/index.js';
import type { Device } from '../../program/device.js';
import type { Explained } from './explained.js';
import { defaultMethod, heatMap } from './heat-maps.js';
import { HEAT_MAP_METHODS, type HeatMapMethod } from './methods.js';
import { type Neighbor, nearestImages } from './neighbors.js';
import { explainedPicture } from './explained-picture.js';

/** What `explain` needs: a run or a model with weights, and images. */
export interface ExplainOptions extends ModelSource, DeviceOptions {
  /** Image files and folders of images. */
  readonly images: readonly string[];
  /**
   * 'grad-cam', 'grad-cam++', 'attention-gradients', 'attention-rollout', 'integrated-gradients' or 'occlusion'. Default:
   * 'grad-cam' for a network with maps of features, 'attention-gradients' for one whose class token attends to patches, else
   * 'integrated-gradients'.
   */
  readonly method?: string;
  /** The class to look for. Default: the likeliest one of each image. */
  readonly class?: string;
  /** How many training images to name that are nearest by feature; needs a run. Default 0. */
  readonly neighbors?: number;
  /**
   * Where the pictures are written, in folders as the images of a folder are; they replace pictures of attune, and no
   * other file. Default: explanations.
   */
  readonly out?: string;
  readonly workers?: number;
}

const NAMES: OptionNames<ExplainOptions> = {
  ...DEVICE_NAMES,
  ...SOURCE_NAMES,
  images: true,
  method: true,
  class: true,
  neighbors: true,
  out: true,
  workers: true,
};

/** What was found for one image. */
export interface Explanation {
  readonly path: string;
  /** The class that the map is of, and how likely the network finds it. */
  readonly label: string;
  readonly index: number;
  readonly probability: number;
  /** Rows of the map from the top, and the picture that shows it. */
  readonly map: readonly (readonly number[])[];
  readonly picture: string;
  /** The nearest training images, the nearest first; null when they were not asked for. */
  readonly neighbors: readonly Neighbor[] | null;
}

/** The JSON document of `attune explain`. */
export interface ExplainResult {
  readonly model: string;
  readonly method: string;
  readonly images: readonly (Explanation | { readonly path: string; readonly error: string })[];
}

/**
 * Explains: writes each image at its own size (of at most 2048 pixels), with the map, the class and a legend. An image that cannot be read has an `error` in its place; the others are done all the same. Throws as
 * `predict` does, and AttuneError 'input' for a picture's name that another file has, 'usage' for a method or a class that is not known, and for a head without a gradient.
 */
export async function explain(options: ExplainOptions, context: RunContext = {}): Promise<ExplainResult> {
  refuseUnknown(options, NAMES, context, 'explain');
  const asked = options.method === undefined ? null : methodOf(options.method);
  checkCount(options.neighbors, 'the number of neighbors', '--neighbors');
  if (options.neighbors !== undefined) await refuseWithoutRun(options.run);
  const names = await namedImages(options.images);
  const paths = [...names.keys()];
  const loaded = await loadModel(options, context);
  requireHead(loaded);
  requireClasses(loaded.task, 'attune explain', loaded.weights);
  const method = asked ?? defaultMethod(loaded.model);
  refuseWithoutMaps(loaded, method);
  refuseWithoutAttention(loaded, method);
  refuseWithoutGradient(loaded, method);
  const preprocessing = imageSettings(loaded.input, 'explain');
  const wanted = options.class === undefined ? null : classIndex(options.class, loaded.task.names);
  const out = resolve(options.out ?? 'explanations');
  const nameOf = pictureNames(method);
  const targets = new Map(paths.map((path) => [path, join(out, nameOf(names.get(path) as string))]));
  await makeFolder(out);
  for (const target of targets.values()) await refuseOther(target);
  const pool = openImagePool({ workers: options.workers });
  const { errors, ...pictures } = openPictures(paths, preprocessing, pool);
  const found = new Map<string, Explanation>();
  const explainAll = async () => {
    const device = await openDevice(options, context);
    try {
      await freeze(loaded.model);
      await loaded.model.to(device);
      const network = { device, model: loaded.model, preprocessing, signal: context.signal };
      const nearest = neighborsOf(device, loaded, options, context);
      let done = 0;
      for await (const image of inOrder(pictures)) {
        throwIfAborted(context.signal);
        const path = paths[done++];
        if (!errors.has(path)) {
          const neighbors = await nearest(image);
          const { png, ...made } = await explainOne(
            network,
            loaded,
            { path, pixels: image.pixels },
            method,
            wanted,
          );
          const picture = targets.get(path) as string;
          await makeFolder(dirname(picture));
          await replaceFile(picture, [png]);
          found.set(path, { path, ...made, picture, neighbors });
        }
        const total = paths.length;
        context.onEvent?.({ type: 'progress', task: 'explaining', done, total, secondsLeft: null });
      }
    } finally {
      await device.close();
    }
  };
  try {
    await explainAll();
  } finally {
    await pool.close();
  }
  const results = paths.map((path) => found.get(path) ?? { path, error: errors.get(path) ?? 'not read' });
  return { model: loaded.model.architecture, method, images: results };
}

/** Images that are read ahead, while others are explained. */
const READ_AHEAD = 16;

/** All images, a few of which are held at a time. */
async function* inOrder({ count, read }: ImageSource): AsyncGenerator<RgbImage> {
  const reads: Promise<RgbImage>[] = [];
  for (let index = 0; index < count + READ_AHEAD; index++) {
    if (index < count) {
      const image = read(index);
      // A failed read is reported when its turn comes, which may be never.
      image.catch(() => undefined);
      reads.push(image);
    }
    if (index >= READ_AHEAD) yield (await reads.shift()) as RgbImage;
  }
}

/** The likeliest class, or the one that is wanted; its map; and the picture of that. */
async function explainOne(
  network: Explained,
  { task, temperature }: LoadedModel,
  { path, pixels }: { readonly path: string; readonly pixels: Uint8Array },
  method: HeatMapMethod,
  wanted: number | null,
) {
  const { device, model, preprocessing } = network;
  const input = imageInput(preprocessing);
  const logits = await device.run(() => model.forward(input.record({ size: 1, arrays: { images: pixels } })));
  const ranked = topPredictions(logits, task.names, task.names.length, temperature ?? 1);
  const [answer] = wanted === null ? ranked : ranked.filter(({ index }) => index === wanted);
  const { label, index, probability } = answer;
  const map = await heatMap(method, network, pixels, index);
  const rows = Array.from({ length: map.height }, (_, y) =>
    Array.from(map.values.subarray(y * map.width, (y + 1) * map.width)),
  );
  const image = await decodeImage(path);
  const png = await encodeOwnPng(explainedPicture({ image, preprocessing, map, label, index, probability }));
  return { label, index, probability, map: rows, png };
}

/** Finds the neighbors of an image; null where none are asked for. The first time it looks at all training images. */
function neighborsOf(
  device: Device,
  loaded: LoadedModel,
  { neighbors: count, run, workers }: ExplainOptions,
  context: RunContext,
): (image: RgbImage) => Promise<Neighbor[] | null> {
  if (count === undefined || run === undefined) return async () => null;
  let nearest: ReturnType<typeof nearestImages> | undefined;
  return async (image) => {
    nearest ??= nearestImages({ run, device, loaded, count, workers, ...context });
    return (await nearest)(image);
  };
}

/** A file that attune did not write is left alone; of a folder that is not made yet there is nothing to ask. */
async function refuseOther(path: string): Promise<void> {
  if (await isThere(path)) await assertOwn(path, PNG_MARK);
}

/** Training images are those of a run folder. */
async function refuseWithoutRun(run: string | undefined): Promise<void> {
  const status = run === undefined ? null : await stat(run).catch(() => null);
  if (status?.isDirectory()) return;
  throw new AttuneError({
    code: 'usage',
    what: 'there is no run folder whose training images could be near',
    where: '--neighbors',
    hint: 'name a run folder in place of a checkpoint, --model or --weights',
  });
}

/** Grad-CAM weighs the maps that the last stage gives. */
function refuseWithoutMaps({ model }: LoadedModel, method: HeatMapMethod): void {
  if (!method.startsWith('grad-cam') || model.featureShape === 'map') return;
  throw new AttuneError({
    code: 'usage',
    what: `${method} needs maps of features, and ${model.architecture} has none`,
    where: '--method',
    hint: `use --method ${defaultMethod(model)} or occlusion`,
  });
}

function refuseWithoutAttention({ model }: LoadedModel, method: HeatMapMethod): void {
  if (!method.startsWith('attention-') || model.classAttention !== null) return;
  throw new AttuneError({
    code: 'usage',
    what: `${method} needs a class token that attends to patches, and ${model.architecture} has none`,
    where: '--method',
    hint: `use --method ${defaultMethod(model)} or occlusion`,
  });
}

/** The methods that look at no logit's slope: that of a vote is zero. */
const WITHOUT_GRADIENT: readonly HeatMapMethod[] = ['occlusion', 'attention-rollout'];

function refuseWithoutGradient({ model }: LoadedModel, method: HeatMapMethod): void {
  if (WITHOUT_GRADIENT.includes(method) || model.head instanceof Linear) return;
  throw new AttuneError({
    code: 'usage',
    what: `${method} needs a head with a gradient, and that of this run is a vote of its nearest neighbors`,
    where: '--method',
    hint: 'use --method occlusion',
  });
}

/**
 * Names pictures: `cat.grad-cam.png`, in folders as the images of a folder are; where a name is taken, with the next number
 * that is free.
 */
function pictureNames(method: string): (image: string) => string {
  const taken = new Set<string>();
  return (image) => {
    const name = image.slice(0, image.length - extname(image).length);
    let free = name;
    for (let number = 2; taken.has(free.toLowerCase()); number++) free = `${name}-${number}`;
    taken.add(free.toLowerCase());
    return `${free}.${method}.png`;
  };
}

function methodOf(name: string): HeatMapMethod {
  const found = HEAT_MAP_METHODS.find((method) => method === name);
  if (found !== undefined) return found;
  throw unknown(`there is no method ${JSON.stringify(name)}`, '--method', name, HEAT_MAP_METHODS);
}

function classIndex(name: string, names: readonly string[]): number {
  const index = names.indexOf(name.normalize('NFC'));
  if (index >= 0) return index;
  throw unknown(`the network knows no class ${JSON.stringify(name)}`, '--class', name, names);
}

/** Most choices that are listed where none is near. */
const MOST_LISTED = 20;

function unknown(what: string, where: string, given: string, choices: readonly string[]): AttuneError {
  const guess = nearest(given, choices);
  const listed =
    choices.length <= MOST_LISTED ? `choose ${choices.join(', ')}` : 'see the classes of the run';
  return new AttuneError({
    code: 'usage',
    what,
    where,
    hint: guess === undefined ? listed : `did you mean ${guess}?`,
  });
}
