/**
 * Group normalisation (Wu and He, ECCV 2018): the channels of an image are cut into groups of neighbours, and each group is
 * normalised by its own mean and biased variance over all positions, then scaled and shifted channel by channel.
 *
 * A composition: the groups are made rows by a transpose, which one group or one position does without, and a layer norm
 * takes the rows. Scale and shift are a batch norm with a mean of 0 and a variance of 1, whose launches sum their gradients
 * over all positions, and whose end takes the ReLU behind it.
 */
import { type OptionNames, refuseUnknownOptions } from '../../option-names.js';
import { type Shape, shapeError, showShape, sizeOf } from '../../tensor/shape.js';
import { asTensor, type Tensor, type TensorLike } from '../../tensor/tensor.js';
import { expectDtype } from '../core/apply.js';
import { full } from '../core/constant.js';
import { reshape } from '../shape/reshape.js';
import { transpose } from '../shape/transpose.js';
import { batchNorm } from './batch-norm.js';
import { layerNorm } from './layer-norm.js';

/** How many groups there are, and what is added to their variance. */
export interface GroupNormOptions {
  /** Divides the channels evenly. 1: a layer norm of whole images; as many as there are channels: an instance norm. */
  readonly groups: number;
  /** Added to the variance; at least 0 and below 1. Default 1e-5. */
  readonly epsilon?: number;
}

const NAMES: OptionNames<GroupNormOptions> = { groups: true, epsilon: true };

/** Added to a variance of 1: nothing, in any precision. */
const NOTHING = 1e-30;

/**
 * x [batch, ..., channels], each group of neighbouring channels of each image with mean 0 and variance 1, times `scale` plus
 * `shift` [channels]; both may be null. float32; the result has the shape of x. Throws AttuneError 'shape' where they do
 * not fit, 'usage' for an unknown option.
 */
export function groupNorm(
  x: TensorLike,
  scale: TensorLike | null,
  shift: TensorLike | null,
  options: GroupNormOptions,
): Tensor {
  refuseUnknownOptions(options, NAMES, 'groupNorm');
  const { groups, epsilon = 1e-5 } = options;
  const tensor = asTensor(x);
  expectDtype('groupNorm', tensor, 'float32');
  const channels = checkedChannels(tensor.shape, [scale, shift], groups);
  const normalized = normalizedGroups(tensor, groups, epsilon);
  if (scale === null && shift === null) return normalized;
  const vectors = {
    gamma: scale ?? full([channels], 1),
    beta: shift ?? full([channels], 0),
    mean: full([channels], 0),
    variance: full([channels], 1),
  };
  return batchNorm(normalized, vectors, NOTHING);
}

function checkedChannels(shape: Shape, vectors: readonly (TensorLike | null)[], groups: number): number {
  if (shape.length < 2)
    throw shapeError(
      'groupNorm',
      `x has shape ${showShape(shape)}; [batch, ..., channels] is expected`,
      'reshape a single image to a batch of one',
    );
  const channels = shape[shape.length - 1];
  if (!Number.isInteger(groups) || groups < 1 || channels % groups !== 0)
    throw shapeError(
      'groupNorm',
      `${channels} channels are not cut evenly into ${groups} groups`,
      'give a whole number that divides the channels',
    );
  for (const vector of vectors) {
    if (vector !== null && (vector.shape.length !== 1 || vector.shape[0] !== channels)) {
      throw shapeError(
        'groupNorm',
        `a vector of shape ${showShape(vector.shape)} does not fit ${channels} channels`,
        'scale and shift have one element for each channel, the last axis',
      );
    }
  }
  return channels;
}

function normalizedGroups(x: Tensor, groups: number, epsilon: number): Tensor {
  const { shape } = x;
  const [images, positions] = [shape[0], sizeOf(shape.slice(1, -1))];
  const width = shape[shape.length - 1] / groups;
  const rows = (tensor: Tensor) =>
    layerNorm(reshape(tensor, [images, groups, positions * width]), null, null, { epsilon });
  if (groups === 1 || positions === 1) return reshape(rows(x), shape);
  const turned = transpose(reshape(x, [images, positions, groups, width]), [0, 2, 1, 3]);
  const back = transpose(reshape(rows(turned), [images, groups, positions, width]), [0, 2, 1, 3]);
  return reshape(back, shape);
}
