import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { tensorEntry, toFloat32 } from '#src/formats/floats';
import { concat, hex, rejects } from './support.js';

test('all 65,536 float16 values', () => {
  const bytes = new Uint8Array(new Uint16Array(65536).map((_, i) => i).buffer);
  const floats = toFloat32('F16', bytes, 'test');
  for (let i = 0; i < 65536; i++) {
    const sign = i & 0x8000 ? -1 : 1;
    const exponent = (i >> 10) & 31;
    const fraction = (i & 1023) / 1024;
    const small = fraction * 2 ** -14;
    const large = exponent === 31 ? (fraction === 0 ? Infinity : NaN) : (1 + fraction) * 2 ** (exponent - 15);
    const expected = sign * (exponent === 0 ? small : large);
    if (!Object.is(floats[i], expected))
      assert.unreachable(`0x${i.toString(16)}: ${floats[i]} for ${expected}`);
  }
});

test('bfloat16 is the upper half of float32', () => {
  const values = new Float32Array([0, -0, 1, -2.5, 2 ** 127, 2 ** -133, Infinity]);
  const halves = new Uint16Array(values.length).map((_, i) => new Uint16Array(values.buffer)[2 * i + 1]);
  assert.is(hex(toFloat32('BF16', new Uint8Array(halves.buffer), 'test')), hex(values));
});

test('float32 keeps its bits, aligned or not', () => {
  const values = new Float32Array([0.1, -0, NaN, 1e-45]);
  const bytes = new Uint8Array(values.buffer);
  assert.is(toFloat32('F32', bytes, 'test').buffer, values.buffer, 'aligned values are not copied');
  const shifted = concat([9], bytes).subarray(1);
  assert.is(hex(toFloat32('F32', shifted, 'test')), hex(values));
});

test('float64 is rounded to nearest, and refused if it does not fit', async () => {
  const bytes = (...values: number[]) => new Uint8Array(new Float64Array(values).buffer);
  assert.is(
    hex(toFloat32('F64', bytes(0.1, -1e-300, Infinity, NaN), 'test')),
    hex(new Float32Array([Math.fround(0.1), -0, Infinity, NaN])),
  );
  await rejects(() => toFloat32('F64', bytes(1, 1e300), 'here'), /element 1 is 1e\+300.*\(here\)/);
});

test('float64 stays as it is where that is asked for, aligned or not; other types are float32 all the same', async () => {
  const values = new Float64Array([0.1, -1e-300, 1e300, Number.NaN]);
  const shifted = concat([9], new Uint8Array(values.buffer)).subarray(1);
  for (const bytes of [new Uint8Array(values.buffer.slice(0)), shifted]) {
    const entry = tensorEntry({ name: 'x', dtype: 'F64', shape: [4] }, 'here', async () => bytes);
    const read = await entry.read('float64');
    assert.instance(read, Float64Array);
    assert.is(hex(read), hex(values));
    await rejects(() => entry.read(), /element 2 is 1e\+300, too large for float32.*\(here\)/);
  }
  const single = tensorEntry({ name: 'x', dtype: 'F32', shape: [1] }, 'here', async () => new Uint8Array(4));
  assert.instance(await single.read('float64'), Float32Array);
});

test('other types are not converted', async () => {
  await rejects(() => toFloat32('I64', new Uint8Array(8), 'here'), /holds I64, not F32, F64, F16 or BF16/);
  await rejects(() => toFloat32('F8_E4M3', new Uint8Array(8), 'here'), /holds F8_E4M3/);
});

test.run();
