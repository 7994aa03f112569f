/**
 * Initial values of layers, made on the host: a function of the seed and of how many arrays were made from it
 * before, whatever the device. A layer inside a model draws from the model's initialiser; one made alone has
 * its own.
 *
 * Values are made when they are first needed (tensor/parameter.ts), so weights that get loaded cost nothing.
 */
import { AttuneError } from '../errors.js';
import { normals, PURPOSE, uniforms } from '../tensor/philox.js';
import { type Shape, sizeOf } from '../tensor/shape.js';

/** The seed of layers and models that are given none. */
export const DEFAULT_SEED = 42;

/** Makes the initial values of one array. */
export type Initial = () => Float32Array;

/** Makes the initial values of layers from a seed, one layer after the other. */
export class Initializer {
  readonly seed: number;
  private stream = 0;

  /** `seed` is a whole number of at least 0. */
  constructor(seed: number = DEFAULT_SEED) {
    this.seed = seed;
  }

  /** Uniform between -bound and bound. */
  uniform(shape: Shape, bound: number): Initial {
    const stream = this.stream++;
    return () => {
      const draws = uniforms(sizeOf(shape), this.seed, PURPOSE.initialization, stream);
      return rounded(draws, (u) => (2 * u - 1) * bound);
    };
  }

  /**
   * Uniform for a matrix [inputs, outputs], of a size at which neither outputs nor gradients grow through linear layers
   * (Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010).
   */
  glorotUniform(shape: Shape): Initial {
    const [inputs, outputs] = shape;
    return this.uniform(shape, Math.sqrt(6 / (inputs + outputs)));
  }

  /**
   * Normal with standard deviation sqrt(2 / fanOut): keeps the size of gradients through layers with ReLU (He et
   * al., "Delving deep into rectifiers", 2015). `fanOut` is how many outputs one input reaches.
   */
  kaimingNormal(shape: Shape, fanOut: number): Initial {
    return this.normal(shape, Math.sqrt(2 / fanOut));
  }

  /** Normal with this standard deviation, around 0. */
  normal(shape: Shape, deviation: number): Initial {
    const stream = this.stream++;
    return () => {
      const draws = normals(sizeOf(shape), this.seed, PURPOSE.initialization, stream);
      return rounded(draws, (z) => z * deviation);
    };
  }
}

/** The standard deviations of weights, around 0. */
export interface NormalDeviations {
  readonly linear: number;
  /** Default: Kaiming's of each. */
  readonly convolution?: number;
}

/** For networks whose layers begin with normal weights of given deviations and with biases of 0, as some of torchvision. */
export class NormalInitializer extends Initializer {
  private readonly deviations: NormalDeviations;

  constructor(seed: number | undefined, deviations: NormalDeviations) {
    super(seed);
    this.deviations = deviations;
  }

  /** What a linear layer asks for: its weights, and its bias, which has one dimension. */
  override uniform(shape: Shape): Initial {
    return shape.length > 1 ? this.normal(shape, this.deviations.linear) : constant(sizeOf(shape), 0);
  }

  /** What a convolution asks for. */
  override kaimingNormal(shape: Shape, fanOut: number): Initial {
    const { convolution } = this.deviations;
    return convolution === undefined ? super.kaimingNormal(shape, fanOut) : this.normal(shape, convolution);
  }
}

/** As `Float32Array.from`, which is many times slower: a network has millions of values. */
function rounded(draws: Float64Array, value: (draw: number) => number): Float32Array {
  const values = new Float32Array(draws.length);
  for (let i = 0; i < draws.length; i++) values[i] = value(draws[i]);
  return values;
}

/** Checks an initialiser given from JavaScript: throws AttuneError 'usage' for anything else, or nothing. */
export function requireInitializer(given: unknown, layer: string): void {
  if (given instanceof Initializer) return;
  throw new AttuneError({
    code: 'usage',
    what: 'the layer has nothing that makes its initial values',
    where: layer,
    hint: 'give new Initializer(seed) behind the sizes and options; the layers of one network share it',
  });
}

/** `count` times the same value. */
export function constant(count: number, value: number): Initial {
  return () => new Float32Array(count).fill(value);
}
