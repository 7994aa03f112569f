/**
 * Uses of the kernels whose SIMD entries are loops rather than products: sizes of several units that end within a
 * vector, and every branch of their attributes.
 */
import type { Attributes, Kernel } from '#src/device/kernel';
import type { AttentionAttributes } from '#src/ops/attention/attention-attributes';
import { sliced } from '#src/ops/norm/batch-norm-training-kernels';
import { resizeAxis, type ResizeMode, TAPS } from '#src/ops/image/resize-axis';
import { kernels, type KernelName } from '#src/ops/kernels';
import { binaryAttributes } from '#src/ops/pointwise/pointwise';
import { padFront } from '#src/ops/core/strided';
import { broadcastShapes, type Shape, sizeOf, stridesOf } from '#src/tensor/shape';
import { ATTENTION_KERNELS, attentionInstance } from '../ops/attention/attention-instances.js';
import { Random } from '../ops/support.js';
import { randomValues } from './cpu-harness.js';

export interface LoopCase {
  readonly kernel: Kernel;
  readonly attributes: Attributes;
  readonly operands: readonly (Float32Array | Uint32Array | null)[];
  readonly step: readonly number[];
  /** How many terms the longest sum has. */
  readonly terms: number;
}

type Options = Partial<Pick<LoopCase, 'step' | 'terms'>>;

/** More than two units of a flat loop; the last element stands alone in its vector. */
const COUNT = 33_001;

/** Pairs of shapes of which one is repeated along axes of the other: usual ones, some of several units, and any. */
function broadcasts(random: () => number): [Shape, Shape][] {
  const usual: [Shape, Shape][] = [
    [[], [5]],
    [[1], []],
    [[33_001], [1]],
    [[2, 9001], [9001]],
    [
      [2, 9001],
      [2, 1],
    ],
    [
      [1, 3000],
      [11, 1],
    ],
    [
      [2, 3, 1, 600],
      [1, 7, 1],
    ],
  ];
  const any = Array.from({ length: 40 }, (): [Shape, Shape] => {
    const shape = Array.from({ length: 1 + Math.floor(random() * 6) }, () => 1 + Math.floor(random() * 5));
    const [a, b] = [0, 1].map(() =>
      shape.map((size) => (random() < 0.4 ? 1 : size)).slice(random() < 0.2 ? 1 : 0),
    );
    return [a!, b!];
  });
  return [...usual, ...any];
}

/** All cases, from a generator of numbers. */
export function loopCases(random: () => number): LoopCase[] {
  const cases: LoopCase[] = [];
  const add = (
    name: KernelName,
    attributes: Attributes,
    operands: readonly (Float32Array | Uint32Array | null)[],
    { step = [], terms = 1 }: Options = {},
  ) => cases.push({ kernel: kernels[name], attributes, operands, step, terms });
  const real = (length: number, scale = 2) => randomValues(random, length).map((value) => value * scale);
  const positive = (length: number) => real(length).map((value) => Math.abs(value) + 0.1);
  const room = (length: number) => new Float32Array(length).fill(7);

  const attentionValues = new Random(71);
  const addAttention = (attributes: AttentionAttributes) => {
    for (const name of ATTENTION_KERNELS) {
      const { attributes: same, operands, terms } = attentionInstance(name, attributes, attentionValues);
      const arrays = operands.map(
        (operand) =>
          operand &&
          (operand.dtype === 'int32' ? Uint32Array.from(operand.values) : Float32Array.from(operand.values)),
      );
      add(name, same, arrays, { terms: terms ?? 1 });
    }
  };

  for (const count of [1, 3, 4, 6, COUNT]) {
    const same = { count, same: true, shape: [], stridesA: [], stridesB: [] };
    for (const name of [
      'add',
      'subtract',
      'multiply',
      'maximum',
      'minimum',
      'greaterEqual',
      'lessEqual',
    ] as const)
      add(name, same, [real(count), real(count), room(count)]);
    add('divide', same, [real(count), positive(count), room(count)]);
    for (const name of ['relu', 'relu6', 'hardSigmoid', 'hardSwish'] as const) {
      add(name, { count }, [real(count, 8), room(count)]);
      add(`${name}Gradient`, { count }, [real(count, 8), real(count), room(count)]);
    }
    for (const name of [
      'abs',
      'negate',
      'square',
      'sigmoid',
      'tanh',
      'exp',
      'erf',
      'quickGelu',
      'silu',
    ] as const)
      add(name, { count }, [real(count, 8), room(count)]);
    for (const name of ['sqrt', 'log'] as const) add(name, { count }, [positive(count), room(count)]);
    for (const name of ['sigmoidGradient', 'tanhGradient', 'expGradient'] as const)
      add(name, { count }, [real(count, 1), real(count), room(count)], { terms: 2 });
    for (const name of ['erfGradient', 'quickGeluGradient', 'siluGradient'] as const)
      add(name, { count }, [real(count, 8), real(count), room(count)], { terms: 2 });
    for (const approximate of ['none', 'tanh']) {
      add('gelu', { count, approximate }, [real(count, 8), room(count)]);
      add('geluGradient', { count, approximate }, [real(count, 8), real(count), room(count)], { terms: 2 });
    }
    add('accumulate', { count }, [real(count), real(count)]);
    add('fill', { count, value: -2.5 }, [room(count)]);
    add('squaredNorm', { count, outOffset: 2 }, [real(count), room(2 + Math.ceil(count / 4096))], {
      terms: 4096,
    });
  }

  for (const [a, b] of broadcasts(random)) {
    const shape = broadcastShapes('add', a, b);
    const attributes = binaryAttributes(a, b, shape);
    for (const name of ['add', 'subtract', 'divide', 'greaterEqual'] as const)
      add(name, attributes, [real(sizeOf(a)), positive(sizeOf(b)), room(sizeOf(shape))]);
  }

  for (const channels of [1, 3, 16, 18, 67]) {
    const count = channels * Math.ceil(COUNT / channels);
    for (const activation of ['none', 'relu', 'relu6'] as const) {
      for (const residual of [false, true]) {
        const epilogue = { scale: true, shift: true, residual, activation };
        const operands = [
          real(count),
          real(channels, 6),
          real(channels),
          residual ? real(count) : null,
          room(count),
        ];
        add('scaleShift', { count, channels, epilogue }, operands);
      }
    }
    for (const rows of [2, 70, 333]) {
      const slices = sliced(rows, channels);
      const partials = room(2 * slices.slices * channels);
      const [x, dy, relu] = [real(rows * channels), real(rows * channels), real(rows * channels)];
      add('batchMoments', slices, [x, partials], { terms: slices.rowsPerSlice });
      for (const masked of [false, true]) {
        const mask = masked ? relu : null;
        const sums = [x, dy, real(channels), mask, partials];
        add('batchNormGradientSums', { ...slices, masked }, sums, { terms: slices.rowsPerSlice });
        const apply = { rows, channels, count: rows * channels, masked };
        add('batchNormGradientApply', apply, [x, dy, real(4 * channels), mask, room(rows * channels)], {
          terms: 3,
        });
      }
    }
    for (const [batch, positions] of [
      [3, 1],
      [2, 50],
    ]) {
      const operands = [real(batch! * positions! * channels), room(batch! * channels)];
      add('globalAveragePool', { batch, positions, channels }, operands, { terms: positions! });
    }
  }

  for (const [outer, length, inner] of [
    [1, 1, 2],
    [3, 9, 70],
    [2, 6, 1100],
    [1, 333, 10],
  ] as const) {
    for (const reduction of ['sum', 'mean']) {
      const attributes = { reduction, outer, length, inner };
      add('reduce', attributes, [real(outer * length * inner), room(outer * inner)], { terms: length });
    }
  }

  for (const [rows, columns] of [
    [1, 1],
    [70, 3],
    [5, 16],
    [3, 67],
    [2, 9001],
  ] as const) {
    const x = () => real(rows * columns, 8);
    for (const reduction of ['sum', 'mean', 'max'])
      add('reduce', { reduction, outer: rows, length: columns, inner: 1 }, [x(), room(rows)], {
        terms: columns,
      });
    for (const logarithm of [false, true])
      add('softmax', { rows, columns, logarithm }, [x(), room(rows * columns)], { terms: columns });
    for (const logarithm of [false, true]) {
      const kept = [x(), real(rows * columns), room(rows * columns)];
      if (logarithm) for (let i = 0; i < kept[0]!.length; i += 3) kept[0]![i] = Number.NEGATIVE_INFINITY;
      add('softmaxGradient', { rows, columns, logarithm }, kept, { terms: 2 * columns });
      for (const columnStride of [0, 1]) {
        const mask = real(columns).map((value, i) => (i % 4 === 1 ? Number.NEGATIVE_INFINITY : value));
        const [shape, strides] = [padFront([rows], 1), padFront([0], 0)];
        const attributes = { rows, columns, logarithm, counts: false, shape, strides, columnStride };
        add('maskedSoftmax', attributes, [x(), null, mask, room(rows * columns)], { terms: 2 * columns });
      }
    }
    for (const centred of [true, false]) {
      for (const [scaled, shifted] of [
        [true, true],
        [true, false],
        [false, true],
        [false, false],
      ]) {
        const norm = { rows, columns, epsilon: 0.1, centred, scaled };
        const [scale, shift] = [scaled ? real(columns) : null, shifted ? real(columns) : null];
        add('layerNorm', { ...norm, shifted }, [real(rows * columns), scale, shift, room(rows * columns)], {
          terms: columns,
        });
        const results = [room(2 * rows), room(rows * columns)];
        add('layerNormGradient', norm, [real(rows * columns), real(rows * columns), scale, ...results], {
          terms: 2 * columns,
        });
      }
    }
    const cut = sliced(rows, columns);
    const partials = [room(cut.slices * columns), room(cut.slices * columns)];
    add('layerNormSums', cut, [x(), x(), real(2 * rows), ...partials], { terms: 64 });
  }

  // Heads and lengths on both sides of the panels', the blocks' and the summed dimension's sizes.
  for (const [queries, keys, size] of [
    [1, 1, 1],
    [3, 50, 7],
    [97, 47, 24],
    [49, 261, 64],
    [5, 3, 256],
  ] as const) {
    for (const [mask, causal] of [
      ['none', false],
      ['counts', true],
      ['added', false],
    ] as const) {
      const attributes = {
        ...{ batch: 2, heads: 2, queries, keys, size, scale: 0.3, causal, mask },
        strides: { batch: queries * keys, head: 0, query: keys, key: 1 },
      };
      addAttention(attributes);
    }
    const sizes = { batch: 1, heads: 3, queries, keys, size, scale: -0.2, causal: true };
    addAttention({ ...sizes, mask: 'counts', strides: { batch: 0, head: 0, query: 1, key: 0 } });
    addAttention({ ...sizes, mask: 'added', strides: { batch: 0, head: keys, query: 0, key: 1 } });
  }

  for (const channels of [1, 4, 6]) {
    for (const window of POOLS) {
      const attributes = { batch: 2, ...window, channels };
      const x = real(2 * window.height * window.width * channels).map(Math.round); // with equal largest elements
      x[5] = Number.NaN;
      const outputs = 2 * window.outHeight * window.outWidth * channels;
      add('maxPool2d', attributes, [x, room(outputs)]);
      add('maxPool2dGradient', attributes, [x, real(outputs), room(x.length)], { terms: 9 });
      for (const countIncludePad of [true, false]) {
        const averages = { ...attributes, countIncludePad };
        add('averagePool2d', averages, [real(x.length), room(outputs)], { terms: 9 });
        add('averagePool2dGradient', averages, [real(outputs), room(x.length)], { terms: 9 });
      }
    }
  }

  for (const channels of [1, 6]) {
    for (const [height, outHeight, width, outWidth] of RESIZES) {
      for (const [mode, taps] of Object.entries(TAPS) as [ResizeMode, number][]) {
        for (const alignCorners of mode === 'nearest' ? [false] : [false, true]) {
          const [rows, columns] = [
            resizeAxis(height, outHeight, mode, alignCorners),
            resizeAxis(width, outWidth, mode, alignCorners),
          ];
          const attributes = { batch: 2, height, width, channels, outHeight, outWidth, taps, rows, columns };
          const [image, pixels] = [2 * height * width * channels, 2 * outHeight * outWidth * channels];
          add('resize', attributes, [real(image), room(pixels)], { terms: 64 });
          add('resizeGradient', attributes, [real(pixels), room(image)], { terms: outHeight * outWidth });
        }
      }
    }
  }

  const blocks = Math.ceil(COUNT / 64);
  const groups = Uint32Array.from({ length: blocks }, () => Math.floor(random() * 2));
  const rates = [0.5, 0.25, 0.125, 0];
  for (const finite of [1, 0]) {
    const start = [real(COUNT), groups, Float32Array.of(3, 0.5, finite, 0, 0), real(COUNT)];
    for (const [hasMomentum, nesterov] of [
      [false, false],
      [true, false],
      [true, true],
    ]) {
      const attributes = {
        count: COUNT,
        groups: { varying: 1 },
        momentum: { varying: 5 },
        hasMomentum,
        nesterov,
      };
      const operands = [...start, hasMomentum ? real(COUNT) : null];
      add('sgd', attributes, operands, { step: [9, ...rates, 0.75], terms: 4 });
    }
    const gate = Float32Array.of(9, 0.5, finite, 3, 0);
    const around = { count: COUNT, radius: { varying: 1 }, share: { varying: 2 } };
    add('samPerturbation', around, [gate, real(COUNT), real(COUNT), room(COUNT)], {
      step: [9, 0.75],
      terms: 2,
    });
    add('weightAverage', around, [gate, real(COUNT), real(COUNT)], { step: [9, 9, 0.125], terms: 2 });
    for (const hasMomentum of [false, true]) {
      for (const epsilonPlacement of ['outside', 'inside']) {
        const [groups, numbers] = [{ varying: 0 }, { varying: 4 }];
        const attributes = { count: COUNT, groups, numbers, hasMomentum, epsilonPlacement };
        const operands = [...start, positive(COUNT), hasMomentum ? real(COUNT) : null];
        add('rmsprop', attributes, operands, { step: [...rates, 0.75, 0.25, 0.5, 0.0078125], terms: 8 });
      }
    }
    for (const decoupled of [false, true]) {
      for (const epsilonPlacement of ['corrected', 'hat']) {
        const attributes = {
          count: COUNT,
          groups: { varying: 0 },
          numbers: { varying: 4 },
          decoupled,
          epsilonPlacement,
        };
        const numbers = [0.75, 0.25, 0.875, 0.125, 0.4375, 0.234375, 0.0078125];
        add('adam', attributes, [...start, real(COUNT), positive(COUNT)], {
          step: [...rates, ...numbers],
          terms: 8,
        });
      }
    }
  }

  add(
    'pullToStart',
    { count: COUNT, pulls: { varying: 1 } },
    [groups, real(COUNT), real(COUNT), real(COUNT)],
    {
      step: [9, 0.25, 0.5],
      terms: 2,
    },
  );

  add('stridedCopy', ...copyOf([], [], []));
  add('stridedCopy', ...copyOf([COUNT], [1], [1]));
  add('stridedCopy', ...copyOf([COUNT], [2], [3]));
  add('stridedCopy', ...copyOf([3, 1, 130, 90], [90 * 131, 7, 1, 131], [90 * 132, 5, 91, 1]));
  add('stridedCopy', ...copyOf([130, 90], [1, 0], [90, 1]));
  add('stridedCopy', ...backwards(copyOf([130, 90], [90, 1], [90, 1])));
  add('stridedCopy', ...backwards(copyOf([130, 90], [1, 130], [90, 1])));
  add('stridedCopy', ...copyOf([5, 700, 6], [4200, 6, 1], [4206, 6, 1]));
  add(
    'stridedCopy',
    ...copyOf([2, 3, 4, 5, 6, 7], [17640, 5880, 1470, 98, 9, 1], stridesOf([2, 3, 4, 5, 6, 7])),
  );
  return cases;
}

/** A copy with a gap before it in both arrays. */
export function copyOf(
  shape: readonly number[],
  strides: readonly number[],
  outStrides: readonly number[],
): [Attributes, Float32Array[]] {
  const attributes = {
    count: sizeOf(shape),
    dtype: 'float32',
    shape: padFront(shape, 1),
    strides: padFront(strides, 0),
    offset: 3,
    outStrides: padFront(outStrides, 0),
    outOffset: 2,
  };
  const reach = (steps: readonly number[]) => shape.reduce((sum, n, d) => sum + (n - 1) * steps[d]!, 1);
  const source = Float32Array.from({ length: 3 + reach(strides) }, (_, i) => i);
  return [attributes, [source, new Float32Array(2 + reach(outStrides)).fill(-1)]];
}

/** The same copy, from the last element of each dimension to the first. */
function backwards([attributes, operands]: [Attributes, Float32Array[]]): [Attributes, Float32Array[]] {
  const { shape, strides, offset } = attributes as { shape: number[]; strides: number[]; offset: number };
  const last = strides.reduce((sum, stride, d) => sum + stride * (shape[d]! - 1), offset);
  return [{ ...attributes, offset: last, strides: strides.map((stride) => -stride) }, operands];
}

/** Height and width, each before and after. */
const RESIZES = [
  [3, 6, 5, 10],
  [7, 4, 9, 2],
  [1, 3, 4, 1],
  [5, 5, 3, 8],
] as const;

/** Windows that overlap, leave gaps, and hang over the edges. */
const POOLS = [
  { size: 9, kernel: 3, stride: 2, pad: 1 },
  { size: 8, kernel: 2, stride: 2, pad: 0 },
  { size: 7, kernel: 3, stride: 1, pad: 1 },
  { size: 7, kernel: 1, stride: 3, pad: 0 },
].map(({ size, kernel, stride, pad }) => {
  const out = Math.floor((size + 2 * pad - kernel) / stride) + 1;
  return {
    ...{ height: size, width: size + 1, kernelHeight: kernel, kernelWidth: kernel },
    ...{ outHeight: out, outWidth: Math.floor((size + 1 + 2 * pad - kernel) / stride) + 1 },
    ...{ strideHeight: stride, strideWidth: stride, padTop: pad, padLeft: pad },
  };
});
