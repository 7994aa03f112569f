/** Group normalisation; ops/norm/group-norm.ts has the mathematics. */
import { type OptionNames, refuseUnknownOptions } from '../option-names.js';
import { groupNorm } from '../ops/index.js';
import { Parameter } from '../tensor/parameter.js';
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import { constant } from './initializers.js';
import { Module } from './module.js';

/** The constant of a group norm, and whether it has parameters. */
export interface GroupNormLayerOptions {
  /** Added to the variance. Default 1e-5. */
  readonly epsilon?: number;
  /** Whether the layer has a scale and a shift. Default true. */
  readonly affine?: boolean;
}

const NAMES: OptionNames<GroupNormLayerOptions> = { epsilon: true, affine: true };

/** Group normalisation of the last axis, as torch.nn.GroupNorm of the second. */
export class GroupNorm extends Module {
  readonly groups: number;
  readonly epsilon: number;
  /** The scale. */
  readonly weight: Parameter | null;
  /** The shift. */
  readonly bias: Parameter | null;

  /** `channels` in `groups` groups of neighbours. Throws AttuneError 'usage' for an unknown option. */
  constructor(groups: number, channels: number, options: GroupNormLayerOptions = {}) {
    super();
    refuseUnknownOptions(options, NAMES, 'GroupNorm');
    const { epsilon = 1e-5, affine = true } = options;
    this.groups = groups;
    this.epsilon = epsilon;
    this.weight = affine ? new Parameter(constant(channels, 1), [channels]) : null;
    this.bias = affine ? new Parameter(constant(channels, 0), [channels]) : null;
  }

  /** x [batch, ..., channels], normalised: of its shape. */
  override forward(x: TensorLike): Tensor {
    const { groups, epsilon } = this;
    return groupNorm(x, this.weight, this.bias, { groups, epsilon });
  }
}
