/**
 * ConvNeXt-T (Liu et al., "A ConvNet for the 2020s", CVPR 2022, table 9): torchvision's `convnext_tiny`, layer by layer and name
 * by name.
 *
 *     images        [batch, H, W, 3]
 *     features.0    4x4, 96, stride 4; layer norm     H / 4
 *     features.1    3 blocks of 96 channels           H / 4
 *     features.2    layer norm; 2x2, 192, stride 2    H / 8
 *     features.3    3           192                   H / 8
 *     features.4    layer norm; 2x2, 384, stride 2    H / 16
 *     features.5    9           384                   H / 16
 *     features.6    layer norm; 2x2, 768, stride 2    H / 32
 *     features.7    3           768                   H / 32
 *     mean          768 features
 *     classifier    layer norm; classes
 *
 * The paper drops blocks by stochastic depth with up to 0.1. Here that is a run's to say, as for every network.
 */
import { add, multiply } from '../ops/index.js';
import {
  constant,
  Conv2d,
  GELU,
  Identity,
  type Initializer,
  LayerNorm,
  Linear,
  Module,
  NormalInitializer,
  Sequential,
  StochasticDepth,
  type Training,
} from '../nn/index.js';
import { type OptionNames, refuseUnknownOptions } from '../option-names.js';
import { Parameter } from '../tensor/parameter.js';
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import { FeaturesClassifier } from './features-classifier.js';
import { type Family, hasShapes } from './family.js';
import { IMAGENET_PREPROCESSING } from './preprocessing.js';

/** The head and the initial values of a ConvNeXt. */
export interface ConvNextOptions {
  /** Default 1000, ImageNet's. */
  readonly classes?: number;
  /** Seed of the initial values. Default 42. */
  readonly seed?: number;
}

const NAMES: OptionNames<ConvNextOptions> = { classes: true, seed: true };

const STAGES = [
  { channels: 96, blocks: 3 },
  { channels: 192, blocks: 3 },
  { channels: 384, blocks: 9 },
  { channels: 768, blocks: 3 },
] as const;
const FEATURES = 768;

/** Layers of the trunk that end the stages: H / 4, 8, 16 and 32. */
const ENDS = STAGES.map(({ channels }, i) => ({ layer: 2 * i + 1, channels }));

/** What layer norms add to the variance, as in torchvision. */
const EPSILON = 1e-6;
/** What branches are multiplied by at first, so that a block is hardly more than its input. */
const LAYER_SCALE = 1e-6;

function norm(channels: number): LayerNorm {
  return new LayerNorm(channels, { epsilon: EPSILON });
}

/** A convolution whose windows lie beside each other. */
function patches(inputs: number, outputs: number, side: number, initializer: Initializer): Conv2d {
  return new Conv2d(inputs, outputs, { kernel: side, stride: side, bias: true }, initializer);
}

/**
 * 7x7 of each channel; layer norm; a linear layer at each place to four times the channels, GELU, another back; each channel
 * times a number; the input is added.
 */
class ConvNextBlock extends Module {
  /** [1, 1, channels]. */
  readonly layer_scale: Parameter;
  readonly block: Sequential;
  private readonly stochasticDepth = new StochasticDepth();

  constructor(channels: number, initializer: Initializer) {
    super();
    const window = { kernel: 7, padding: 3, groups: channels, bias: true };
    // As other scales it is no weight that decays, for all its three dimensions.
    this.layer_scale = new Parameter(constant(channels, LAYER_SCALE), [1, 1, channels], { decay: false });
    this.block = new Sequential(
      new Conv2d(channels, channels, window, initializer),
      // PyTorch turns images to have their channels last, and back at the end.
      new Identity(),
      norm(channels),
      new Linear(channels, 4 * channels, initializer),
      new GELU(),
      new Linear(4 * channels, channels, initializer),
      new Identity(),
    );
  }

  override forward(x: TensorLike, training?: Training): Tensor {
    const y = multiply(this.block.forward(x, training), this.layer_scale);
    return add(this.stochasticDepth.forward(y, training), x);
  }

  /** PyTorch stores [channels, 1, 1]. */
  override torchAxes(field: string): readonly number[] | null {
    return field === 'layer_scale' ? [2, 0, 1] : null;
  }
}

/** A ConvNeXt; `convnextTiny` makes it. */
export class ConvNext extends FeaturesClassifier {
  override readonly architecture = 'convnext_tiny';
  override readonly headName = 'classifier.2';
  protected override readonly trunk: Sequential;
  protected override classifier: Sequential;
  protected override readonly ends = ENDS;
  protected override readonly stride = 4;

  constructor(options: ConvNextOptions) {
    super();
    refuseUnknownOptions(options, NAMES, 'convnextTiny');
    const initializer = new NormalInitializer(options.seed, { linear: 0.02, convolution: 0.02 });
    const layers: Module[] = [];
    let inputs = 3;
    for (const { channels, blocks } of STAGES) {
      layers.push(
        layers.length === 0
          ? new Sequential(patches(inputs, channels, 4, initializer), norm(channels))
          : new Sequential(norm(inputs), patches(inputs, channels, 2, initializer)),
      );
      const stage = Array.from({ length: blocks }, () => new ConvNextBlock(channels, initializer));
      layers.push(new Sequential(...stage));
      inputs = channels;
    }
    this.trunk = new Sequential(...layers);
    this.classifier = new Sequential(
      norm(FEATURES),
      // PyTorch makes a row of a map of one place.
      new Identity(),
      new Linear(FEATURES, options.classes ?? 1000, initializer),
    );
  }
}

/** ConvNeXt-T: 28,589,128 parameters with 1,000 classes. */
export function convnextTiny(options: ConvNextOptions = {}): ConvNext {
  return new ConvNext(options);
}

export const CONVNEXT: Family<'convnext_tiny'> = {
  networks: {
    convnext_tiny: {
      name: 'convnext_tiny',
      create: convnextTiny,
      defaultWeights: 'convnext_tiny-v1',
      preprocessing: { ...IMAGENET_PREPROCESSING, resize: 236 },
    },
  },
  headName: 'classifier.2',
  /** At its width, and with nine blocks where larger ones have more. */
  detect: (shapes) =>
    hasShapes(shapes, {
      'features.0.0.weight': [96, 3, 4, 4],
      'features.5.8.layer_scale': [384, 1, 1],
      'features.7.2.layer_scale': [768, 1, 1],
    }) && !shapes.has('features.5.9.layer_scale')
      ? 'convnext_tiny'
      : null,
  libraries: { torchvision: { network: (name) => name, naming: null } },
};
