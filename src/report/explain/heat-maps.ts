/**
 * Which parts of an image speak for a class: six methods that answer with a map over the image.
 *
 * The network runs on the device, forward and backward; what is left to do with a few thousand numbers is done here in
 * float64, as in the papers.
 */
import { imageInput } from '../../inputs/index.js';
import { AttuneError } from '../../errors.js';
import { throwIfAborted } from '../../interruption.js';
import type { Network } from '../../models/index.js';
import { gradients } from '../../ops/index.js';
import { tensor } from '../../tensor/tensor.js';
import { attentionGradients, attentionRollout } from './attention-maps.js';
import { chosen, type Explained, type HeatMap, networkInput } from './explained.js';
import type { HeatMapMethod } from './methods.js';

/** What a network lets one see best: maps of features, or attention. */
export function defaultMethod({ featureShape, classAttention }: Network): HeatMapMethod {
  if (featureShape === 'map') return 'grad-cam';
  return classAttention === null ? 'integrated-gradients' : 'attention-gradients';
}

/**
 * The map of one image, bytes [side, side, 3], for the class of an index. Throws AttuneError 'numeric' when a value is
 * not finite, 'interrupted' when the signal is aborted.
 */
export async function heatMap(
  method: HeatMapMethod,
  network: Explained,
  pixels: Uint8Array,
  index: number,
): Promise<HeatMap> {
  const map = await METHODS[method](network, pixels, index);
  if (map.values.every(Number.isFinite)) return map;
  throw new AttuneError({
    code: 'numeric',
    what: 'the map has values that are not finite',
    where: method,
    hint: 'check the weights',
  });
}

const METHODS: Readonly<
  Record<HeatMapMethod, (network: Explained, pixels: Uint8Array, index: number) => Promise<HeatMap>>
> = {
  'grad-cam': gradCam,
  'grad-cam++': gradCamPlusPlus,
  'attention-gradients': attentionGradients,
  'attention-rollout': attentionRollout,
  'integrated-gradients': integratedGradients,
  occlusion,
};

/**
 * Grad-CAM (Selvaraju et al., 2017), of the last stage's maps A_k and the class's logit y:
 *
 *     a_k = mean over positions of dy / dA_k        map = ReLU(sum over k of a_k A_k)
 */
async function gradCam(network: Explained, pixels: Uint8Array, index: number): Promise<HeatMap> {
  const { maps, slopes, positions, channels, size } = await lastStage(network, pixels, index);
  const weights = new Float64Array(channels);
  for (let i = 0; i < slopes.length; i++) weights[i % channels] += slopes[i] / positions;
  return { ...size, values: weightedMaps(maps, weights) };
}

/** Keeps Grad-CAM++ from dividing by zero where a map and its slope vanish. */
const EPSILON = 1e-7;

/**
 * Grad-CAM++ (Chattopadhyay et al., 2018), with Y = exp(y), whose higher derivatives are powers of dy / dA:
 *
 *     alpha = g^2 / (2 g^2 + g^3 sum over positions of A_k),   g = dy / dA_k, 0 where g is 0
 *     a_k = sum over positions of alpha ReLU(g)
 */
async function gradCamPlusPlus(network: Explained, pixels: Uint8Array, index: number): Promise<HeatMap> {
  const { maps, slopes, channels, size } = await lastStage(network, pixels, index);
  const sums = new Float64Array(channels);
  for (let i = 0; i < maps.length; i++) sums[i % channels] += maps[i];
  const weights = new Float64Array(channels);
  for (let i = 0; i < slopes.length; i++) {
    const g = slopes[i];
    if (g <= 0) continue;
    weights[i % channels] += (g * g * g) / (2 * g * g + sums[i % channels] * g ** 3 + EPSILON);
  }
  return { ...size, values: weightedMaps(maps, weights) };
}

/** The last stage's maps and the slopes of the class's logit over them, both [positions, channels]. */
async function lastStage({ device, model, preprocessing }: Explained, pixels: Uint8Array, index: number) {
  let shape: readonly number[] = [];
  const [maps, slopes] = await device.run(() => {
    const stage = model.features(networkInput(pixels, 1, preprocessing), { as: 'map' });
    shape = stage.shape;
    const logit = chosen(model.head.forward(model.headInput(stage)), index);
    return [stage, ...gradients(logit, [stage])];
  });
  const [, height, width, channels] = shape;
  return { maps, slopes, channels, positions: height * width, size: { width, height } };
}

/** ReLU of the sum over channels of weight times map. */
function weightedMaps(maps: ArrayLike<number>, weights: Float64Array): Float64Array {
  const channels = weights.length;
  const values = new Float64Array(maps.length / channels);
  for (let i = 0; i < maps.length; i++) values[Math.floor(i / channels)] += weights[i % channels] * maps[i];
  return values.map((value) => Math.max(0, value));
}

/** Points on the way from black to the image, and how many are computed at once. */
const PATH_POINTS = 64;
const PATH_BATCH = 8;

/**
 * Integrated gradients (Sundararajan, Taly and Yan, 2017) from a black image x' to the image x:
 *
 *     attribution = (x - x') mean over t of dy(x' + t (x - x')) / dx,   summed over the colours
 *
 * t are the middles of 64 equal parts of [0, 1]. The values add up to the logit of the image less that of black.
 */
async function integratedGradients(
  { device, model, preprocessing, signal }: Explained,
  pixels: Uint8Array,
  index: number,
): Promise<HeatMap> {
  const { shape } = imageInput(preprocessing);
  const [side] = shape;
  const black = preprocessing.mean.map((mean, c) => -mean / preprocessing.std[c]);
  // Normalisation is linear, so the path may be walked behind it.
  const way = Float32Array.from(pixels, (value, i) => value / 255 / preprocessing.std[i % 3]);
  const values = new Float64Array(side * side);
  for (let start = 0; start < PATH_POINTS; start += PATH_BATCH) {
    throwIfAborted(signal);
    const batch = new Float32Array(PATH_BATCH * way.length);
    for (let p = 0; p < PATH_BATCH; p++) {
      const t = (start + p + 0.5) / PATH_POINTS;
      for (let i = 0; i < way.length; i++) batch[p * way.length + i] = black[i % 3] + t * way[i];
    }
    const slopes = await device.run(() => {
      const x = tensor(batch, [PATH_BATCH, ...shape], 'float32');
      return gradients(chosen(model.forward(x), index), [x])[0];
    });
    for (let i = 0; i < slopes.length; i++) {
      const at = i % way.length;
      values[Math.floor(at / 3)] += (way[at] * slopes[i]) / PATH_POINTS;
    }
  }
  return { width: side, height: side, values };
}

/** Side of the patch by that of the image, and how far it moves by its own side. */
const PATCH = 1 / 8;
const STRIDE = 1 / 2;
const OCCLUDED_AT_ONCE = 8;

/**
 * Occlusion (Zeiler and Fergus, 2014): how far the class's logit falls where a patch of the mean colour covers the image.
 * The patch is an eighth of the side and moves by half its size; overlapping answers are averaged.
 */
async function occlusion(network: Explained, pixels: Uint8Array, index: number): Promise<HeatMap> {
  const { device, model, preprocessing, signal } = network;
  const [side] = imageInput(preprocessing).shape;
  const patch = Math.max(2, Math.round(side * PATCH));
  const starts = patchStarts(side, patch, Math.max(1, Math.round(patch * STRIDE)));
  const corners = starts.flatMap((top) => starts.map((left) => ({ top, left })));
  const grey = preprocessing.mean.map((mean) => Math.round(255 * mean));
  const logitsOf = async (images: readonly Uint8Array[]) => {
    const bytes = new Uint8Array(images.length * pixels.length);
    for (const [i, image] of images.entries()) bytes.set(image, i * pixels.length);
    const logits = await device.run(() => model.forward(networkInput(bytes, images.length, preprocessing)));
    return images.map((_, i) => logits[i * model.classes + index]);
  };
  const [whole] = await logitsOf([pixels]);
  const falls = new Float64Array(side * side);
  const counts = new Float64Array(side * side);
  for (let start = 0; start < corners.length; start += OCCLUDED_AT_ONCE) {
    throwIfAborted(signal);
    const some = corners.slice(start, start + OCCLUDED_AT_ONCE);
    const logits = await logitsOf(some.map((corner) => covered(pixels, side, patch, corner, grey)));
    some.forEach((corner, i) => {
      eachPixel(side, patch, corner, (at) => {
        falls[at] += whole - logits[i];
        counts[at]++;
      });
    });
  }
  return { width: side, height: side, values: falls.map((fall, i) => fall / counts[i]) };
}

interface Corner {
  readonly top: number;
  readonly left: number;
}

/** Where a patch begins so that every pixel is covered; the last one ends with the image. */
function patchStarts(side: number, patch: number, stride: number): number[] {
  const starts: number[] = [];
  for (let at = 0; at < side - patch; at += stride) starts.push(at);
  return [...starts, side - patch];
}

function covered(
  pixels: Uint8Array,
  side: number,
  patch: number,
  corner: Corner,
  colour: readonly number[],
): Uint8Array {
  const copy = Uint8Array.from(pixels);
  eachPixel(side, patch, corner, (at) => copy.set(colour, at * 3));
  return copy;
}

function eachPixel(side: number, patch: number, { top, left }: Corner, visit: (at: number) => void): void {
  for (let y = top; y < top + patch; y++) for (let x = left; x < left + patch; x++) visit(y * side + x);
}
