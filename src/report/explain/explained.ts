/** What all ways to explain an image share: a network, its input, the logit of a class, and a map. */
import { imageInput, type Preprocessing } from '../../inputs/index.js';
import type { Network } from '../../models/index.js';
import { oneTensor } from '../../nn/index.js';
import { matmul, sum } from '../../ops/index.js';
import type { Device } from '../../program/device.js';
import { type Tensor, tensor } from '../../tensor/tensor.js';

/** One number for each cell of a grid over the image, rows from the top. */
export interface HeatMap {
  readonly width: number;
  readonly height: number;
  readonly values: Float64Array;
  /** The value that leaves the image as it is. Default 0. */
  readonly least?: number;
}

/** A network on its device, and what its images are like. */
export interface Explained {
  readonly device: Device;
  readonly model: Network;
  readonly preprocessing: Preprocessing;
  readonly signal?: AbortSignal | undefined;
}

/** Images, bytes of one behind the other, as the network takes them. */
export function networkInput(bytes: Uint8Array, images: number, preprocessing: Preprocessing): Tensor {
  return oneTensor(imageInput(preprocessing).record({ size: images, arrays: { images: bytes } }), 'explain');
}

/** The sum over images of the logit of one class, from logits [images, classes]. */
export function chosen(logits: Tensor, index: number): Tensor {
  const classes = logits.shape[1];
  const oneHot = Float32Array.from({ length: classes }, (_, c) => (c === index ? 1 : 0));
  return sum(matmul(logits, tensor(oneHot, [classes, 1], 'float32')));
}
