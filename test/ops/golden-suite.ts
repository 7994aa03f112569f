/**
 * The golden cases of make-golden.py and make-transforms.py, run on any device: outputs and gradients against PyTorch's in float64.
 * The table `calls` names for every operation the function that users call, with the options of the case.
 */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { attention } from '#src/ops/attention/attention';
import { add } from '#src/ops/pointwise/add';
import { argmax, argmin } from '#src/ops/reduce/argmax';
import { gradients } from '#src/ops/backward';
import { batchNorm } from '#src/ops/norm/batch-norm';
import { batchMoments, batchNormTraining } from '#src/ops/norm/batch-norm-training';
import { binaryCrossEntropy } from '#src/ops/loss/binary-cross-entropy';
import { broadcastTo } from '#src/ops/shape/broadcast';
import { cast } from '#src/ops/pointwise/cast';
import { clamp } from '#src/ops/pointwise/clamp';
import { greaterEqual, lessEqual } from '#src/ops/pointwise/compare';
import { concat } from '#src/ops/shape/concat';
import { full } from '#src/ops/core/constant';
import { conv2d } from '#src/ops/conv2d/conv2d';
import { convTranspose2d } from '#src/ops/conv2d/conv-transpose2d';
import { crossEntropyLosses } from '#src/ops/loss/cross-entropy';
import { cumulativeSum } from '#src/ops/reduce/cumulative-sum';
import { divide } from '#src/ops/pointwise/divide';
import { dropout } from '#src/ops/pointwise/dropout';
import { embedding } from '#src/ops/shape/embedding';
import { eraseBoxes } from '#src/ops/image/erase-boxes';
import { gather, scatterAdd } from '#src/ops/shape/gather';
import { gaussianBlur } from '#src/ops/image/gaussian-blur';
import { gelu } from '#src/ops/pointwise/gelu';
import { type AffineOptions, affineMatrix } from '#src/ops/image/image-affine';
import type { ImageTransform } from '#src/ops/image/image-transform';
import { layerNorm } from '#src/ops/norm/layer-norm';
import { matmul } from '#src/ops/product/matmul';
import { max } from '#src/ops/reduce/max';
import { maximum } from '#src/ops/pointwise/maximum';
import { mean } from '#src/ops/reduce/mean';
import { minimum } from '#src/ops/pointwise/minimum';
import { mixImages } from '#src/ops/image/mix-images';
import { multiply } from '#src/ops/pointwise/multiply';
import { normalizeImages } from '#src/ops/image/normalize-images';
import { oneHot } from '#src/ops/shape/one-hot';
import { type OperationName, operations } from '#src/ops/operations';
import { averagePool2d, globalAveragePool, maxPool2d } from '#src/ops/pool/pool';
import { power } from '#src/ops/pointwise/power';
import { reshape } from '#src/ops/shape/reshape';
import { resize } from '#src/ops/image/resize';
import { rmsNorm } from '#src/ops/norm/rms-norm';
import { scaleRows } from '#src/ops/pointwise/scale-rows';
import { pad, slice } from '#src/ops/shape/slice';
import { logSoftmax, softmax } from '#src/ops/norm/softmax';
import { subtract } from '#src/ops/pointwise/subtract';
import { sum } from '#src/ops/reduce/sum';
import { takeAlongAxis } from '#src/ops/shape/take-along-axis';
import { topK } from '#src/ops/reduce/top-k';
import { transformImages } from '#src/ops/image/transform-images';
import { transpose } from '#src/ops/shape/transpose';
import { type UnaryName, unaryOperations } from '#src/ops/pointwise/unary-tables';
import { where } from '#src/ops/pointwise/where';
import type { Device } from '#src/program/device';
import { sizeOf } from '#src/tensor/shape';
import { type Tensor, tensor } from '#src/tensor/tensor';
import { assertClose, assertSameBytes, float32Tolerance, formulaValues } from './support.js';

interface RealInput {
  readonly shape: readonly number[];
  readonly seed: number;
  readonly scale: number;
  readonly shift: number;
}

interface WholeInput {
  readonly shape: readonly number[];
  readonly dtype: 'int32' | 'uint32' | 'uint8';
  readonly data: readonly number[];
}

interface ImageInput {
  readonly shape: readonly number[];
  readonly seed: number;
  readonly low: number;
  readonly high: number;
}

/** Inputs and options of a function, and what PyTorch gives. */
export interface GoldenValues {
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: each operation has its own options.
  readonly options: any;
  readonly terms: number;
  readonly inputs: readonly (RealInput | WholeInput | ImageInput)[];
  readonly shape: readonly number[];
  readonly output: readonly number[];
  readonly gradients: readonly (readonly number[] | null)[] | null;
}

export interface GoldenCase extends GoldenValues {
  readonly operation: OperationName;
}

const UPSTREAM_SEED = 97;

// biome-ignore lint/suspicious/noExplicitAny: see GoldenValues.
export type Call = (inputs: readonly Tensor[], options: any) => Tensor;

const unaryCalls = Object.fromEntries(
  Object.values(unaryOperations).map((operation): [string, Call] => [
    operation.definition.name,
    ([x]) => operation(x),
  ]),
) as Record<UnaryName, Call>;

const calls: Readonly<Record<OperationName, Call>> = {
  ...unaryCalls,
  add: ([a, b]) => add(a, b),
  argmax: ([x], { axis, keepDims }) => argmax(x, axis, keepDims),
  argmin: ([x], { axis, keepDims }) => argmin(x, axis, keepDims),
  attention: ([q, k, v, mask], options) => attention(q, k, v, { ...options, ...(mask && { mask }) }),
  averagePool2d: ([x], options) => averagePool2d(x, options),
  batchNorm: ([x, gamma, beta, mean, variance], { epsilon }) =>
    batchNorm(x, { gamma, beta, mean, variance }, epsilon),
  batchNormTraining: ([x, gamma, beta], { epsilon }) =>
    batchNormTraining(x, { gamma, beta }, batchMoments(x), epsilon),
  binaryCrossEntropy: ([logits, targets, positiveWeights]) =>
    binaryCrossEntropy(logits, targets, { ...(positiveWeights && { positiveWeights }), reduction: 'none' }),
  broadcastTo: ([x], { shape }) => broadcastTo(x, shape),
  cast: ([x], { dtype }) => cast(x, dtype),
  clamp: ([x], options) => clamp(x, options),
  concat: (parts, { axis }) => concat(parts, axis),
  constant: (_, { shape, value }) => full(shape, value),
  conv2d: ([x, w], options) => conv2d(x, w, options),
  convTranspose2d: ([x, w], options) => convTranspose2d(x, w, options),
  crossEntropy: ([logits, target], { labelSmoothing, ignoreIndex }) =>
    crossEntropyLosses(logits, target, labelSmoothing, ignoreIndex),
  cumulativeSum: ([x], { axis }) => cumulativeSum(x, axis),
  divide: ([a, b]) => divide(a, b),
  dropout: ([x], { probability, seed, step }) => dropout(x, probability, { seed, step }),
  embedding: ([table, indices], options) => embedding(table, indices, options),
  eraseBoxes: ([x, boxes]) => eraseBoxes(x, boxes),
  gather: ([x, indices], { axis }) => gather(x, indices, axis),
  gaussianBlur: ([x], { size, sigmas }) => gaussianBlur(x, size, sigmas),
  gelu: ([x], options) => gelu(x, options),
  globalAveragePool: ([x]) => globalAveragePool(x),
  greaterEqual: ([a, b]) => greaterEqual(a, b),
  layerNorm: ([x, scale, shift], { epsilon }) =>
    layerNorm(x, scale ?? null, shift ?? null, epsilon === undefined ? {} : { epsilon }),
  lessEqual: ([a, b]) => lessEqual(a, b),
  logSoftmax: ([x], options) => logSoftmax(x, options),
  maskedSoftmax: ([x, mask], { axis, logarithm }) => (logarithm ? logSoftmax : softmax)(x, { axis, mask }),
  matmul: ([a, b], options) => matmul(a, b, options),
  max: ([x], { axes, keepDims }) => max(x, axes, keepDims),
  maxPool2d: ([x], options) => maxPool2d(x, options),
  maximum: ([a, b]) => maximum(a, b),
  mean: ([x], { axes, keepDims }) => mean(x, axes, keepDims),
  minimum: ([a, b]) => minimum(a, b),
  mixImages: ([x, partners], mix) => mixImages(x, partners, mix),
  multiply: ([a, b]) => multiply(a, b),
  normalizeImages: ([x], { mean, deviation }) => normalizeImages(x, mean, deviation),
  oneHot: ([labels], { classes }) => oneHot(labels, classes),
  pad: ([x], { before, after, ...options }) => pad(x, before, after, options),
  power: ([a, b], { exponent }) => power(a, exponent ?? b),
  reshape: ([x], { shape }) => reshape(x, shape),
  resize: ([x], options) => resize(x, options),
  rmsNorm: ([x, scale], { epsilon }) => rmsNorm(x, scale ?? null, epsilon === undefined ? {} : { epsilon }),
  scaleRows: ([x, factors]) => scaleRows(x, factors),
  scatterAdd: ([x, indices], { rows, axis }) => scatterAdd(x, indices, rows, axis),
  slice: ([x], { starts, sizes, steps }) => slice(x, starts, sizes, steps),
  softmax: ([x], options) => softmax(x, options),
  subtract: ([a, b]) => subtract(a, b),
  sum: ([x], { axes, keepDims }) => sum(x, axes, keepDims),
  takeAlongAxis: ([x, indices], { axis }) => takeAlongAxis(x, indices, axis),
  topK: ([x], { k, axis }) => topK(x, k, axis).indices,
  transformImages: ([x], { transforms }) => transformImages(x, transforms.map(transformOf)),
  transpose: ([x], { permutation }) => transpose(x, permutation),
  where: ([condition, a, b]) => where(condition, a, b),
};

/** The files of test/ops/golden/, from build/test/ops/. */
export function golden<T>(file: string): T {
  return JSON.parse(readFileSync(new URL(`../../../test/ops/golden/${file}`, import.meta.url), 'utf8'));
}

export const goldenCases = ['operations.json', 'images.json', 'transforms.json'].flatMap((file) =>
  golden<readonly GoldenCase[]>(file),
);

type GoldenTransform = ImageTransform | { readonly kind: 'affine'; readonly affine: AffineOptions };

/** Python names what an affine transform does; here it is a matrix. */
function transformOf(given: GoldenTransform): ImageTransform {
  if (!('affine' in given)) return given;
  const { affine, ...rest } = given;
  return { ...rest, matrix: affineMatrix(affine) } as ImageTransform;
}

/** Registers a test for each operation that has cases. */
export function testGolden(on: string, open: () => Promise<Device>): void {
  for (const operation of new Set(goldenCases.map((golden) => golden.operation))) {
    test(`${operation} on ${on} gives what PyTorch gives`, async () => {
      const cases = goldenCases.filter((golden) => golden.operation === operation);
      const device = await open();
      // Some golden gradients are here before the operation's own.
      const differentiable = typeof operations[operation].gradient === 'function';
      for (const golden of cases)
        await checkGolden(device, operation, calls[operation], golden, differentiable);
    });
  }
}

/** Compares what `call` gives, and its gradients, with the golden values; `what` says in errors what it is. */
export async function checkGolden(
  device: Device,
  what: string,
  call: Call,
  golden: GoldenValues,
  hasGradient = true,
): Promise<void> {
  const { name, inputs, options, shape, terms } = golden;
  const differentiable = golden.gradients !== null && hasGradient;
  const result = await device.run(() => {
    const tensors = inputs.map(load);
    const output = call(tensors, options);
    assert.equal(output.shape, shape, `${what} ${name}: shape`);
    if (!differentiable) return { output, found: [] };
    const loss = sum(multiply(output, tensor(formulaValues(shape, UPSTREAM_SEED), shape)));
    return {
      output,
      found: gradients(
        loss,
        tensors.filter((_, i) => golden.gradients?.[i] != null),
      ),
    };
  });
  if (result.output instanceof Uint8Array) {
    assertSameBytes(result.output, golden.output, `${what} ${name}`);
    return;
  }
  const tolerance = (expected: ArrayLike<number>) =>
    device.precision === 'float64' ? { absolute: 1e-12, relative: 1e-12 } : float32Tolerance(expected, terms);
  assertClose(result.output, golden.output, tolerance(golden.output), `${what} ${name}`);
  if (!differentiable) return;
  const expected = (golden.gradients ?? []).filter((gradient) => gradient !== null);
  assert.is(result.found.length, expected.length);
  expected.forEach((gradient, i) => {
    assertClose(result.found[i], gradient, tolerance(gradient), `${what} ${name}, gradient ${i}`);
  });
}

function load(input: RealInput | WholeInput | ImageInput): Tensor {
  if ('low' in input) return tensor(imageBytes(input), input.shape, 'uint8');
  if ('data' in input) return tensor(input.data, input.shape, input.dtype);
  return tensor(formulaValues(input.shape, input.seed, input.scale, input.shift), input.shape);
}

/** As `image_bytes` of make-transforms.py. */
function imageBytes({ shape, seed, low, high }: ImageInput): Uint8Array {
  const byte = (i: number) => low + ((((i + 1) * 7919 + seed * 1291) % 10007) % (high - low + 1));
  return Uint8Array.from({ length: sizeOf(shape) }, (_, i) => byte(i));
}
