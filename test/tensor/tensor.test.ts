/** Host data as tensors, parameters and buffers. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ModelMemory } from '#src/nn/memory';
import { add } from '#src/ops/pointwise/add';
import { Buffer, Parameter } from '#src/tensor/parameter';
import { asTensor, tensor } from '#src/tensor/tensor';
import { linear } from '#src/nn/index';
import { assertThrows, cpuDevice } from '../ops/support.js';

test('the dtype of data follows from its array, numbers are float32', async () => {
  const device = await cpuDevice('float32');
  const arrays = [
    new Float32Array([1.5]),
    new Float64Array([1.5]),
    Int32Array.of(-1),
    Uint32Array.of(4e9),
    Uint8Array.of(200),
    Uint16Array.of(15360),
  ];
  const dtypes = await device.run(() => {
    return { found: arrays.map((array) => tensor(array, [1]).dtype), numbers: tensor([1], [1]).dtype };
  });
  assert.equal(dtypes, {
    found: ['float32', 'float32', 'int32', 'uint32', 'uint8', 'float16'],
    numbers: 'float32',
  });
  const values = await device.run(() => arrays.map((array) => tensor(array, [1])));
  assert.equal(
    values.map((value) => value[0]),
    [1.5, 1.5, -1, 4e9, 200, 15360],
  );
  assert.ok(values[1] instanceof Float32Array, 'a float64 array is rounded to the precision of the device');
});

test('data that does not fit its shape or dtype is refused', async () => {
  const device = await cpuDevice('float64');
  const refuse = (body: () => unknown, sentence: RegExp) =>
    assertThrows(() => device.run(body), 'shape', sentence);
  // What TypeScript would refuse, and JavaScript may pass in.
  const any = (value: unknown) => value as never;
  await refuse(() => tensor([1], any(undefined)), /undefined is not a shape \(tensor\)/);
  await refuse(() => tensor([1], any('1')), /1 is not a shape \(tensor\): write a list of sizes/);
  await refuse(() => tensor(any(BigInt64Array.of(1n)), [1]), /no list and no typed array of numbers/);
  await refuse(
    () => tensor(any(['a']), [1]),
    /position 0 is a string, no number \(tensor\): give a flat list/,
  );
  await refuse(() => tensor(any(['1']), [1]), /position 0 is a string, no number/);
  await refuse(() => tensor(any([1, null]), [2]), /position 1 is null/);
  await refuse(() => tensor(any([1, [2]]), [2]), /position 1 is a list/);
  await refuse(() => tensor(any(Array(1)), [1]), /position 0 is undefined/);
  await refuse(() => tensor(any([1n]), [1], 'int32'), /position 0 is a bigint, no number/);
  await refuse(() => tensor([1], [1], any('float128')), /there is no dtype float128 \(tensor\)/);
  await refuse(() => tensor([1], [1], any('constructor')), /there is no dtype constructor \(tensor\)/);
  await refuse(() => tensor([1, 2, 3], [2]), /3 values do not fill shape \[2\] \(tensor\)/);
  await refuse(() => tensor([1], [-1]), /is not a shape/);
  await refuse(() => tensor([1, 2.5], [2], 'int32'), /2\.5 at position 1 is not a number of dtype int32/);
  await refuse(() => tensor([Number.NaN], [1], 'int32'), /NaN at position 0/);
  await refuse(() => tensor([256], [1], 'uint8'), /256 at position 0 is not a number of dtype uint8/);
  await refuse(() => tensor([-1], [1], 'uint32'), /-1 at position 0/);
  await refuse(() => tensor(Float32Array.of(2 ** 31), [1], 'int32'), /2147483648 at position 0/);
  await refuse(
    () => add(tensor([1], [1], 'int32'), 1),
    /first operand has dtype int32, not float32 \(add\).*cast/,
  );
});

test('a parameter is one tensor throughout a program, on the device that holds it', async () => {
  const device = await cpuDevice('float64');
  const parameter = new Parameter(Float64Array.of(1, 2), [2]);
  await assertThrows(
    () => device.run(() => add(parameter, 1)),
    'program',
    /parameter of shape \[2\] is not on a device.*model\.to\(device\)/,
  );
  const memory = new ModelMemory(device, [parameter]);
  const isOne = await device.run(() => {
    const [first, second] = [1, 2].map(() => asTensor(parameter));
    return first === second;
  });
  assert.ok(isOne);
  parameter.set(Float64Array.of(5, 6));
  assert.equal([...(await device.run(() => add(parameter, 1)))], [6, 7]);
  assert.equal([...(await parameter.read())], [5, 6]);
  await assertThrows(() => parameter.set(new Float64Array(3)), 'shape', /3 values do not fill shape \[2\]/);
  memory.close();
  assert.is(parameter.state, null);
});

test('initial values are checked, and made when first needed', async () => {
  let made = 0;
  const lazy = new Buffer(() => {
    made++;
    return Float64Array.of(3);
  }, [1]);
  assert.is(made, 0);
  assert.equal([...lazy.hostValues, ...lazy.hostValues], [3, 3]);
  assert.is(made, 1);
  await assertThrows(() => new Buffer(new Float64Array(2), [3]), 'shape', /2 values do not fill shape \[3\]/);
  await assertThrows(
    () => new Buffer(() => new Float64Array(2), [3]).hostValues,
    'shape',
    /2 values do not fill shape \[3\]/,
  );
});

test('decay is on for matrices, off for vectors, unless said otherwise', () => {
  const decay = (shape: number[], options = {}) => new Parameter(new Float32Array(4), shape, options).decay;
  assert.equal([decay([2, 2]), decay([4]), decay([4], { decay: true })], [true, false, true]);
});

test('what is no tensor is refused as an operand, and a layer of no size', async () => {
  const device = await cpuDevice('float32');
  for (const [value, name] of [
    [undefined, /undefined in place of a tensor/],
    [[1, 2], /an array in place of a tensor/],
    ['x', /something else \(string\) in place of a tensor/],
  ] as const) {
    await assertThrows(() => device.run(() => add(tensor([1], [1]), value as never)), 'program', name);
  }
  await assertThrows(() => linear(-1, 2), 'shape', /\[-1, 2\] is not a shape/);
});

test.run();
