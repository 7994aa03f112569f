/** Shared by the tests of kernels: running one by itself, its float64 judge, and random products. */
import type { Backend } from '#src/device/backend';
import type { Kernel } from '#src/device/kernel';
import type { Conv2dAttributes, Conv2dGeometry } from '#src/ops/conv2d/conv2d-attributes';
import { conv2dKernel } from '#src/ops/conv2d/conv2d-kernel';
import { type Epilogue, NO_EPILOGUE } from '#src/ops/core/epilogue';
import type { MatmulAttributes, MatrixStrides } from '#src/ops/product/matmul-attributes';
import { matmulKernel } from '#src/ops/product/matmul-kernel';
import { splitsOf, type SummedShape } from '#src/ops/product/product-splits';
import * as assert from 'uvu/assert';
import { epilogueOperands, pick, randomEpilogue, randomValues, tolerance } from '../device/cpu-harness.js';
import { withHalfOfTheWorkgroups, withMoreWorkgroups } from './guards.js';

export type Operands = readonly (Float32Array | null)[];

/** The kernel as it is when this variant is chosen, whatever the adapter. */
export function withVariant<A>(kernel: Kernel<A>, variant: string): Kernel<A> {
  assert.ok(variant in kernel.shader.variants, `${kernel.name} has a variant ${variant}`);
  return { ...kernel, shader: { ...kernel.shader, choose: () => variant } };
}

/** How many numbers stand behind every operand of a launch: no input's may count, no output's may change. */
const GUARDS = 8;

/** What the kernel leaves unwritten stays a number that no test expects. */
const UNWRITTEN = Math.fround(12345.678);

/**
 * Runs one launch on a device. The output is the kernel's last operand. Behind the inputs stand NaNs, which would
 * show even in a product with zero, and behind the last workgroup one that has nothing to do. A second launch of
 * half of the workgroups must write nothing but its share of the same.
 */
export async function runKernel<A>(
  device: Backend,
  kernel: Kernel<A>,
  attributes: A,
  inputs: Operands,
  outputs: number,
): Promise<Float32Array> {
  const where = JSON.stringify(attributes);
  const whole = await launch(device, withMoreWorkgroups(kernel), attributes, inputs, outputs);
  for (const value of whole.subarray(outputs))
    assert.is(value, UNWRITTEN, `nothing is written behind the output: ${where}`);
  const half = await launch(device, withHalfOfTheWorkgroups(kernel), attributes, inputs, outputs);
  const wrong = half.findIndex((value, i) => value !== UNWRITTEN && !Object.is(value, whole[i]));
  assert.is(wrong, -1, `half of the workgroups write their share: ${where}`);
  return whole.subarray(0, outputs);
}

async function launch<A>(
  device: Backend,
  kernel: Kernel<A>,
  attributes: A,
  inputs: Operands,
  outputs: number,
): Promise<Float32Array> {
  const range = (length: number) => ({
    buffer: device.allocate(length * 4),
    dtype: 'float32' as const,
    offset: 0,
    length,
  });
  const operands = [...inputs.map((input) => input && range(input.length + GUARDS)), range(outputs + GUARDS)];
  inputs.forEach((input, i) => {
    const target = operands[i];
    if (input && target) device.write(target, guarded(input));
  });
  const out = operands[operands.length - 1]!;
  device.write(out, new Float32Array(out.length).fill(UNWRITTEN));
  const prepared = await device.prepare([{ kernel, attributes, operands }]);
  const [result] = await device.execute(prepared, [], [], [out]);
  device.discard(prepared);
  for (const operand of operands) if (operand) device.release(operand.buffer);
  return result as Float32Array;
}

function guarded(values: Float32Array): Float32Array {
  const longer = new Float32Array(values.length + GUARDS).fill(Number.NaN);
  longer.set(values);
  return longer;
}

/** The kernel's plain loops in float64, on this thread. */
export function judge<A>(kernel: Kernel<A>, attributes: A, inputs: Operands, outputs: number): Float64Array {
  const out = new Float64Array(outputs).fill(Number.NaN);
  const operands = [...inputs.map((input) => Float64Array.from(input ?? [])), out];
  kernel.cpu.run({ attributes, operands, step: [], begin: 0, end: kernel.cpu.units(attributes) });
  return out;
}

interface Product {
  readonly epilogue: Epilogue;
}

/**
 * Compares with float64, allowing the rounding of float32 sums of `terms` products; of Winograd's, whose transforms mix
 * neighbouring elements, twice that of the largest.
 */
export function checkProduct<A extends Product>(
  kernel: Kernel<A>,
  attributes: A,
  inputs: Operands,
  actual: Float32Array,
  terms: number,
  winograd = false,
): void {
  const expected = judge(kernel, attributes, inputs, actual.length);
  const absolute = inputs.map((input) => input?.map(Math.abs) ?? null);
  const epilogue: Epilogue = { ...attributes.epilogue, activation: 'none' };
  const magnitudes = judge(kernel, { ...attributes, epilogue }, absolute, actual.length);
  const largest = magnitudes.reduce((a, b) => Math.max(a, b), 0);
  for (let i = 0; i < actual.length; i++) {
    const allowed = winograd ? 2 * tolerance(terms, largest) : tolerance(terms, magnitudes[i]!);
    if (!(Math.abs(actual[i]! - expected[i]!) <= allowed)) {
      assert.unreachable(`element ${i}: ${actual[i]}, not ${expected[i]}: ${JSON.stringify(attributes)}`);
    }
  }
}

/** Runs a matrix product of random values on `device` and compares it. */
export async function checkMatmul(
  device: Backend,
  random: () => number,
  attributes: MatmulAttributes,
  kernel = matmulKernel,
): Promise<void> {
  const { batch, m, n, k, epilogue } = attributes;
  const outputs = batch * m * n;
  const inputs = [
    ...matmulInputs(attributes).map((length) => randomValues(random, length)),
    ...epilogueOperands(random, epilogue, n, outputs),
  ];
  checkProduct(
    matmulKernel,
    attributes,
    inputs,
    await runKernel(device, kernel, attributes, inputs, outputs),
    k,
  );
}

/** Runs a convolution of random values on `device` and compares it. */
export async function checkConv2d(
  device: Backend,
  random: () => number,
  attributes: Conv2dAttributes,
  kernel = conv2dKernel,
  winograd = false,
): Promise<void> {
  const { batch, height, width, channels, filters, kernelHeight, kernelWidth, groups, epilogue } = attributes;
  const outputs = batch * attributes.outHeight * attributes.outWidth * filters;
  const terms = (kernelHeight * kernelWidth * channels) / groups;
  const inputs = [
    randomValues(random, batch * height * width * channels),
    randomValues(random, terms * filters),
    ...epilogueOperands(random, epilogue, filters, outputs),
  ];
  checkProduct(
    conv2dKernel,
    attributes,
    inputs,
    await runKernel(device, kernel, attributes, inputs, outputs),
    terms,
    winograd,
  );
}

/** A plain product [m, k] x [k, n] with nothing after it. */
export function plainMatmul(m: number, n: number, k: number, changes: Partial<PlainProduct> = {}) {
  const { batch = 1, transposeA = false, transposeB = false } = changes;
  const { batchStrideA = m * k, batchStrideB = k * n, epilogue = NO_EPILOGUE } = changes;
  return {
    ...{ batch, heads: 1, m, n, k, transposeA, transposeB },
    a: { row: transposeA ? m : k, batch: batchStrideA, head: 0 },
    b: { row: transposeB ? k : n, batch: batchStrideB, head: 0 },
    out: { row: n, batch: m * n, head: 0 },
    epilogue,
  } satisfies MatmulAttributes;
}

/** What `plainMatmul` may be given beside the sizes: strides of 0 share a factor. */
export interface PlainProduct
  extends Pick<MatmulAttributes, 'batch' | 'transposeA' | 'transposeB' | 'epilogue'> {
  readonly batchStrideA: number;
  readonly batchStrideB: number;
}

/** The product with heads: operand by operand beside each other in a row, or matrix after matrix; factors also shared. */
export function withHeads(random: () => number, attributes: MatmulAttributes): MatmulAttributes {
  const { batch: outer, m, n, k, transposeA, transposeB } = attributes;
  const heads = pick(random, [2, 3]);
  const lay = (rows: number, columns: number) => {
    const batch = heads * rows * columns;
    return random() < 0.5
      ? { row: heads * columns, batch, head: columns }
      : { row: columns, batch, head: rows * columns };
  };
  const layFactor = (rows: number, columns: number) => {
    const strides = lay(rows, columns);
    return pick(random, [strides, strides, { ...strides, batch: 0 }, { ...strides, head: 0 }]);
  };
  const a = layFactor(...matrix(transposeA, m, k));
  const b = layFactor(...matrix(transposeB, k, n));
  return { ...attributes, batch: outer * heads, heads, a, b, out: lay(m, n) };
}

/** How many elements the strides of a factor reach over. */
export function matmulInputs(attributes: MatmulAttributes): [a: number, b: number] {
  const { batch, heads, m, n, k, transposeA, transposeB, a, b } = attributes;
  const reach = (strides: MatrixStrides, rows: number, columns: number) =>
    (batch / heads - 1) * strides.batch + (heads - 1) * strides.head + (rows - 1) * strides.row + columns;
  return [reach(a, ...matrix(transposeA, m, k)), reach(b, ...matrix(transposeB, k, n))];
}

function matrix(transposed: boolean, rows: number, columns: number): [rows: number, columns: number] {
  return transposed ? [columns, rows] : [rows, columns];
}

/** Sizes on both sides of a tile's edge, in whole `unit`s. */
export function around(tile: number, unit = 1): number[] {
  return [tile - unit, tile, tile + unit];
}

export interface Channels {
  readonly channels: number;
  readonly filters: number;
  readonly groups: number;
}

/** A 3 x 3 convolution with stride 1, as Winograd's variants want it, of sizes on both sides of a tile's edge. */
export function randomWinograd(random: () => number): Conv2dAttributes {
  const draw = (...choices: number[]) => pick(random, choices);
  const [channels, filters] = [draw(4, 8, 20, 36), draw(4, 12, 28, 36, 68)];
  const axis = () => {
    const [before, after] = [draw(0, 1, 1, 2), draw(0, 1, 1, 2)];
    const size = draw(3, 4, 5, 6, 7, 8, 9, 14);
    return { before, size, out: size + before + after - 2 };
  };
  const [vertical, horizontal] = [axis(), axis()];
  return {
    ...{ batch: draw(1, 2, 3, 5), height: vertical.size, width: horizontal.size, channels, filters },
    ...{ kernelHeight: 3, kernelWidth: 3, outHeight: vertical.out, outWidth: horizontal.out },
    ...{ strideHeight: 1, strideWidth: 1, padTop: vertical.before, padLeft: horizontal.before },
    ...{ dilationHeight: 1, dilationWidth: 1, groups: 1, epilogue: randomEpilogue(random) },
  };
}

/**
 * A convolution whose sums over its `long` dimension are split, with channels that a variant with such loads can run;
 * small enough for float64.
 */
export function randomSplit(
  random: () => number,
  variant: string,
  long: 'channels' | 'filters',
  sums: (geometry: Conv2dGeometry) => SummedShape,
): Conv2dAttributes {
  const draw = (...choices: number[]) => pick(random, choices);
  const vec4 = variant.endsWith('Vec4');
  for (;;) {
    const groups = draw(1, 1, 1, 2);
    const many = groups * (vec4 ? draw(88, 132, 260, 520) : draw(87, 130, 259, 515));
    const few = groups * (vec4 ? draw(4, 28, 36, 68) : draw(1, 5, 31, 33));
    const sizes = long === 'channels' ? { channels: many, filters: few } : { channels: few, filters: many };
    const attributes = randomConv2d(random, { ...sizes, groups });
    const { batch, height, width, outHeight, outWidth, kernelHeight, kernelWidth } = attributes;
    const places = batch * Math.max(height * width, outHeight * outWidth);
    const cheap = (places * kernelHeight * kernelWidth * many * few) / groups < 2e7;
    if (cheap && splitsOf(sums(attributes)).splits > 1) return attributes;
  }
}

/** A convolution with everything but its channels drawn: odd sizes, strides, dilation, asymmetric padding. */
export function randomConv2d(
  random: () => number,
  { channels, filters, groups }: Channels,
): Conv2dAttributes {
  const pointwise = random() < 0.15;
  const draw = (...choices: number[]) => pick(random, choices);
  const commonStride = draw(0, 1, 2, 2); // 0: each axis has its own
  const axis = () => {
    const kernel = pointwise ? 1 : draw(1, 2, 3, 3, 5);
    const stride = commonStride || draw(1, 2, 3);
    const dilation = draw(1, 1, 2);
    const [before, after] = pointwise ? [0, 0] : [draw(0, 1, 2), draw(0, 1, 2)];
    const reach = (kernel - 1) * dilation + 1;
    const size = Math.max(1, reach - before - after) + Math.floor(random() * 12);
    return {
      kernel,
      stride,
      dilation,
      before,
      size,
      out: Math.floor((size + before + after - reach) / stride) + 1,
    };
  };
  const vertical = axis();
  const horizontal = axis();
  return {
    batch: draw(1, 1, 2, 3),
    height: vertical.size,
    width: horizontal.size,
    channels,
    filters,
    kernelHeight: vertical.kernel,
    kernelWidth: horizontal.kernel,
    outHeight: vertical.out,
    outWidth: horizontal.out,
    strideHeight: vertical.stride,
    strideWidth: horizontal.stride,
    padTop: vertical.before,
    padLeft: horizontal.before,
    dilationHeight: vertical.dilation,
    dilationWidth: horizontal.dilation,
    groups,
    epilogue: randomEpilogue(random),
  };
}
