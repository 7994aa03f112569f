/** Every variant of the convolution and its gradients, with operands stored as float16, against float64. */
import type { Kernel } from '#src/device/kernel';
import type { Conv2dGeometry } from '#src/ops/conv2d/conv2d-attributes';
import { conv2dInputGradientKernel } from '#src/ops/conv2d/conv2d-input-gradient-kernel';
import { conv2dKernel } from '#src/ops/conv2d/conv2d-kernel';
import { convolutionShape, inputGradientShape } from '#src/ops/conv2d/conv2d-split-variants';
import { conv2dWeightGradientKernel } from '#src/ops/conv2d/conv2d-weight-gradient-kernel';
import type { Epilogue } from '#src/ops/core/epilogue';
import { test } from 'uvu';
import { epilogueOperands, generator, randomValues, tolerance } from '../../device/cpu-harness.js';
import { sharedWebGPU } from '../../device/shared-webgpu.js';
import {
  imageSize,
  inputGradientOperands,
  outputSize,
  randomSplits,
  weightGradientOperands,
  weightSize,
} from './conv2d-gradient-cases.js';
import { rounded } from '../half.js';
import { launchHalf } from '../half-launch.js';
import { halfTest } from '../half-test.js';
import {
  judge,
  type Operands,
  randomConv2d,
  randomSplit,
  randomWinograd,
  withVariant,
} from '../kernel-cases.js';
import { assertClose } from '../support.js';

const ROUNDS = 3;

type Random = () => number;

interface Case {
  readonly attributes: object;
  readonly inputs: Operands;
  readonly outputs: number;
  /** Products in a sum. */
  readonly terms: number;
}

const CASES: readonly (readonly [
  Kernel,
  (random: Random, geometry: ReturnType<typeof randomConv2d>) => Case,
])[] = [
  [
    conv2dKernel as Kernel,
    (random, geometry) => {
      const outputs = outputSize(geometry);
      const inputs = [
        randomValues(random, imageSize(geometry)),
        randomValues(random, weightSize(geometry)),
        ...epilogueOperands(random, geometry.epilogue, geometry.filters, outputs),
      ];
      return { attributes: geometry, inputs, outputs, terms: weightSize(geometry) / geometry.filters };
    },
  ],
  [
    conv2dInputGradientKernel as Kernel,
    (random, { epilogue, ...geometry }) => ({
      attributes: geometry,
      inputs: inputGradientOperands(random, geometry),
      outputs: imageSize(geometry),
      terms: weightSize(geometry) / geometry.channels,
    }),
  ],
  [
    conv2dWeightGradientKernel as Kernel,
    (random, { epilogue, ...geometry }) => {
      const attributes = randomSplits(random, geometry);
      return {
        attributes,
        inputs: weightGradientOperands(random, geometry),
        outputs: attributes.splits * weightSize(geometry),
        terms: attributes.positionsPerSplit,
      };
    },
  ],
];

/** A convolution that the variant can run, small: products past a tile's edge have tests of their own. */
function geometryFor({ name }: Kernel, variant: string, random: Random): ReturnType<typeof randomConv2d> {
  if (variant.startsWith('winograd')) return randomWinograd(random);
  if (variant.startsWith('split')) {
    return name === 'conv2d'
      ? randomSplit(random, variant, 'channels', convolutionShape)
      : randomSplit(random, variant, 'filters', inputGradientShape);
  }
  const four = variant.endsWith('Vec4') ? 4 : 1;
  const draw = (most: number) => four * (1 + Math.floor(random() * most));
  if (variant.startsWith('depthwise')) {
    const channels = four + draw(6); // one channel is no group of its own
    return randomConv2d(random, { channels, filters: channels, groups: channels });
  }
  const groups = 1 + Math.floor(random() * 2);
  return randomConv2d(random, { channels: groups * draw(9), filters: groups * draw(9), groups });
}

/** Of variants that are one shader with other sizes, the last, which is the smallest. */
function differentShaders({ shader }: Kernel): Iterable<string> {
  const names = new Map<string, string>();
  for (const [name, { file, libraries }] of Object.entries(shader.variants))
    names.set([file, ...(libraries ?? [])].join(), name);
  return names.values();
}

/** An epilogue that cuts nothing off leaves sums as large as they were. */
function uncut({ epilogue, ...attributes }: { readonly epilogue?: Epilogue }): object {
  return epilogue === undefined
    ? attributes
    : { ...attributes, epilogue: { ...epilogue, activation: 'none' } };
}

for (const [kernel, makeCase] of CASES) {
  const halves = kernel.bindings.flatMap(({ half }, i) => (half ? [i] : []));
  halfTest(`${kernel.name}: every variant with operands stored as float16`, async () => {
    const device = await sharedWebGPU();
    const random = generator(71);
    for (const variant of differentShaders(kernel)) {
      for (let round = 0; round < ROUNDS; round++) {
        const { attributes, outputs, terms, ...made } = makeCase(
          random,
          geometryFor(kernel, variant, random),
        );
        const inputs = made.inputs.map((input, i) =>
          halves.includes(i) ? (input?.map(rounded) ?? null) : input,
        );
        const operands = [...inputs, new Float32Array(outputs)].map(
          (values) => values && { dtype: 'float32' as const, values: [...values] },
        );
        const instance = { attributes: attributes as Conv2dGeometry, operands };
        const results = await launchHalf(device, withVariant(kernel, variant), instance, halves);
        const expected = judge(kernel, attributes, inputs, outputs);
        const sizes = judge(
          kernel,
          uncut(attributes),
          inputs.map((input) => input?.map(Math.abs) ?? null),
          outputs,
        );
        const largest = sizes.reduce((a, b) => Math.max(a, b), 0);
        // The result is rounded to float16 once; numbers below its normal ones, to 2^-25.
        const absolute = 2 * tolerance(terms, largest) + 2 ** -24;
        const where = `${kernel.name}.${variant} ${JSON.stringify(attributes)}`;
        assertClose(results[results.length - 1], expected, { absolute, relative: 2 ** -10 }, where);
      }
    }
  });
}

test.run();
