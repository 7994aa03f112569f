/** What operations do at their edges, the same on every device: no elements, rank 0 and 6, numbers that are none. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { abs } from '#src/ops/pointwise/abs';
import { accumulate, assign } from '#src/ops/update/accumulate';
import { add } from '#src/ops/pointwise/add';
import { argmax, argmin } from '#src/ops/reduce/argmax';
import { gradients } from '#src/ops/backward';
import { broadcastTo } from '#src/ops/shape/broadcast';
import { cast } from '#src/ops/pointwise/cast';
import { clamp } from '#src/ops/pointwise/clamp';
import { concat } from '#src/ops/shape/concat';
import { full, zeros } from '#src/ops/core/constant';
import { conv1d } from '#src/ops/conv2d/conv1d';
import { convTranspose2d } from '#src/ops/conv2d/conv-transpose2d';
import { crossEntropyLosses } from '#src/ops/loss/cross-entropy';
import { divide } from '#src/ops/pointwise/divide';
import { cumulativeSum } from '#src/ops/reduce/cumulative-sum';
import { dropout } from '#src/ops/pointwise/dropout';
import { cos } from '#src/ops/pointwise/cos';
import { erf } from '#src/ops/pointwise/erf';
import { exp } from '#src/ops/pointwise/exp';
import { embedding } from '#src/ops/shape/embedding';
import { gather, scatterAdd } from '#src/ops/shape/gather';
import { gaussianBlur } from '#src/ops/image/gaussian-blur';
import { floor } from '#src/ops/pointwise/floor';
import { gelu } from '#src/ops/pointwise/gelu';
import { hardSigmoid } from '#src/ops/pointwise/hard-sigmoid';
import { hardSwish } from '#src/ops/pointwise/hard-swish';
import { log } from '#src/ops/pointwise/log';
import { max } from '#src/ops/reduce/max';
import { attention } from '#src/ops/attention/attention';
import { layerNorm } from '#src/ops/norm/layer-norm';
import { matmul } from '#src/ops/product/matmul';
import { maximum } from '#src/ops/pointwise/maximum';
import { mean } from '#src/ops/reduce/mean';
import { minimum } from '#src/ops/pointwise/minimum';
import { multiply } from '#src/ops/pointwise/multiply';
import { normalizeImages } from '#src/ops/image/normalize-images';
import { averagePool2d } from '#src/ops/pool/pool';
import { oneHot } from '#src/ops/shape/one-hot';
import { power } from '#src/ops/pointwise/power';
import { quickGelu } from '#src/ops/pointwise/quick-gelu';
import { relu } from '#src/ops/pointwise/relu';
import { relu6 } from '#src/ops/pointwise/relu6';
import { flatten, reshape } from '#src/ops/shape/reshape';
import { resize } from '#src/ops/image/resize';
import { pad, slice } from '#src/ops/shape/slice';
import { sigmoid } from '#src/ops/pointwise/sigmoid';
import { logSoftmax, softmax } from '#src/ops/norm/softmax';
import { silu } from '#src/ops/pointwise/silu';
import { sin } from '#src/ops/pointwise/sin';
import { sqrt } from '#src/ops/pointwise/sqrt';
import { square } from '#src/ops/pointwise/square';
import { sum } from '#src/ops/reduce/sum';
import { takeAlongAxis } from '#src/ops/shape/take-along-axis';
import { tanh } from '#src/ops/pointwise/tanh';
import { topK } from '#src/ops/reduce/top-k';
import { transformImages } from '#src/ops/image/transform-images';
import { transpose } from '#src/ops/shape/transpose';
import { where } from '#src/ops/pointwise/where';
import type { Device } from '#src/program/device';
import { Arena } from '#src/tensor/arena';
import { PURPOSE, philox, uniform } from '#src/tensor/philox';
import { asTensor, type Tensor, tensor } from '#src/tensor/tensor';
import { assertClose } from './support.js';

const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;

/** Values and slopes at -200, -14, -5, -1, -0.001, 0, 0.001, 0.999, 1, 5, 200 and infinity; slopes without the last. */
const FAR_FROM_ZERO = {
  exact: [
    ...[0, 0, -1.4332579e-6, -0.15865525, -0.00049960108, 0],
    ...[0.00050039897, 0.84026157, 0.84134475, 4.9999986, 200, infinity],
  ],
  exactSlope: [
    ...[0, 0, -7.146946e-6, -0.083315471, 0.49920212, 0.5],
    ...[0.50079788, 1.0830731, 1.0833155, 1.0000071, 1],
  ],
  approximate: [
    ...[0, 0, -2.2917962e-7, -0.15880801, -0.00049960108, 0],
    ...[0.00050039897, 0.84010916, 0.84119199, 4.9999998, 200, infinity],
  ],
  approximateSlope: [
    ...[0, 0, -1.546362e-6, -0.082964084, 0.49920212, 0.5],
    ...[0.50079788, 1.0827216, 1.0829641, 1.0000015, 1],
  ],
  unit: [
    ...[0, -1.1641392e-5, -0.033464255, -0.26894142, -0.00049975002, 0],
    ...[0.00050025002, 0.73013107, 0.73105858, 4.9665357, 200, infinity],
  ],
  unitSlope: [
    ...[0, -1.0809855e-5, -0.026547432, 0.072329488, 0.4995, 0.5],
    ...[0.5005, 0.927368, 0.92767051, 1.0265474, 1],
  ],
  error: [-1, -1, -1, -0.84270079, -0.0011283788, 0, 0.0011283788, 0.84228528, 0.84270079, 1, 1, 1],
  errorSlope: [
    ...[0, 0, 1.5670867e-11, 0.4151075, 1.128378, 1.1283792],
    ...[1.128378, 0.41593812, 0.4151075, 1.5670867e-11, 0],
  ],
};

/** a, b, a^b and its derivatives by a and by b, from PyTorch. */
const POWERS: readonly (readonly [number, number, number, number, number])[] = [
  [0, 0, 1, 0, 0],
  [0, 2, 0, 0, 0],
  [0, 1, 0, 1, 0],
  [0, 0.5, 0, infinity, 0],
  [0, -1, infinity, -infinity, -infinity],
  [-2, 3, -8, 12, nan],
  [-2, 2, 4, -4, nan],
  [-2, -3, -0.125, -0.1875, nan],
  [-2, 0.5, nan, nan, nan],
  [-3, 0, 1, 0, nan],
  [nan, 0, 1, 0, nan],
  [nan, 2, nan, nan, nan],
  [1, nan, 1, nan, 0],
  [2, nan, nan, nan, nan],
  [infinity, -1, 0, 0, nan],
  [-infinity, 3, -infinity, infinity, nan],
  [2, infinity, infinity, infinity, infinity],
  [0.5, infinity, 0, nan, 0],
  [-1, infinity, 1, infinity, nan],
  [-1.5, 33, -647159.825, 14237516.1, nan],
  [1.25, 40.5, 8411.15288, 272521.353, 1876.89452],
];

/** Registers the tests on the device. */
export function testEdges(on: string, open: () => Promise<Device>): void {
  test(`tensors without elements on ${on}`, async () => {
    const device = await open();
    const result = await device.run(() => {
      const none = zeros([0, 3]);
      const labels = tensor(new Int32Array(0), [0]);
      return {
        pointwise: exp(add(none, none)),
        broadcast: add(none, zeros([1, 3])),
        total: sum(none),
        columns: sum(none, 0),
        rows: sum(none, 1),
        slice: multiply(slice(zeros([2, 3]), [1, 0], [0, 3]), 2),
        concat: concat([none, full([1, 3], 5), none], 0),
        nothing: add(concat([none, none], 0), 1),
        padded: pad(none, [1, 0], [0, 0]),
        continued: pad(none, [0, 1], [0, 1], { mode: 'edge' }),
        averaged: averagePool2d(zeros([0, 4, 4, 1]), { kernel: 2 }),
        resized: resize(zeros([0, 4, 4, 1]), { size: [2, 3] }),
        convolved: conv1d(zeros([0, 4, 1]), full([3, 1, 2], 1)),
        spread: convTranspose2d(zeros([0, 2, 2, 1]), full([2, 2, 1, 1], 1)),
        transposed: transpose(none),
        repeated: broadcastTo(zeros([0, 1]), [0, 4]),
        softmax: softmax(none),
        masked: softmax(none, { mask: full([1, 3], 1) }),
        attended: attention(zeros([0, 2, 1, 3]), zeros([0, 2, 1, 3]), zeros([0, 2, 1, 3])),
        unheard: attention(full([1, 2, 1, 1], 1), zeros([1, 0, 1, 1]), zeros([1, 0, 1, 1])),
        normalised: layerNorm(none, full([3], 1)),
        losses: crossEntropyLosses(none, labels),
        argmax: argmax(none),
        taken: takeAlongAxis(none, tensor(new Int32Array(0), [0, 1]), 1),
        top: topK(none, 2).values,
        sums: cumulativeSum(none, 0),
        whole: sum(labels),
        gathered: gather(full([2, 3], 1), labels),
        scattered: scatterAdd(none, labels, 2),
        embedded: embedding(full([2, 3], 1), labels),
        hot: oneHot(labels, 4),
        reshaped: flatten(zeros([0, 2, 2])),
        cast: cast(tensor(new Uint8Array(0), [0])),
        images: normalizeImages(tensor(new Uint8Array(0), [0, 3]), [0, 0, 0], [1, 1, 1]),
        transformed: transformImages(tensor(new Uint8Array(0), [0, 4, 4, 3]), []),
        blurred: gaussianBlur(tensor(new Uint8Array(0), [0, 4, 4, 3]), 3, []),
        dropped: dropout(none, 0.5, { seed: 1, step: 1 }),
        chosen: where(tensor(new Int32Array(0), [0, 1]), none, 1),
        clamped: clamp(none, { min: 0 }),
        data: tensor([], [0]),
      };
    });
    const full3 = [5, 5, 5];
    const filled = {
      total: 0,
      whole: 0,
      columns: [0, 0, 0],
      concat: full3,
      padded: [0, 0, 0],
      unheard: [0, 0],
      scattered: [0, 0, 0, 0, 0, 0],
    };
    for (const [name, value] of Object.entries(result)) {
      const found = typeof value === 'number' ? value : [...value];
      assert.equal(found, name in filled ? filled[name as keyof typeof filled] : [], name);
    }
  });

  test(`gradients of tensors without elements on ${on}`, async () => {
    const device = await open();
    const [none, part] = await device.run(() => {
      const x = tensor([], [0, 3]);
      const y = tensor([1, 2, 3], [3]);
      return gradients(sum(square(concat([add(x, y), reshape(y, [1, 3])], 0))), [x, y]);
    });
    assert.equal([...none], []);
    assert.equal([...part], [2, 4, 6]);
  });

  // By products, by tiles because of `causal`, and by tiles because of the rows that follow.
  for (const [path, rows, causal] of [
    ['short', 3, false],
    ['causal', 3, true],
    ['long', 386, false],
  ] as const) {
    test(`attention to nothing gives zeros, and has no gradient, ${path}, on ${on}`, async () => {
      const device = await open();
      const result = await device.run(() => {
        const q = full([1, rows, 1, 1], 0);
        const k = tensor([1, 2, 5], [1, 3, 1, 1]);
        const v = tensor([3, 6, 12], [1, 3, 1, 1]);
        // The first query looks nothing up, the second the first key alone, all others all keys, each alike.
        const kept = Int32Array.from({ length: rows * 3 }, (_, i) => (i < 3 || i === 4 || i === 5 ? 0 : 1));
        const y = attention(q, k, v, { mask: tensor(kept, [rows, 3]), causal });
        const added = Float32Array.from(kept, (one) => (one === 0 ? -infinity : 0));
        const first = slice(y, [0, 0, 0, 0], [1, 3, 1, 1]);
        return {
          first,
          added: slice(
            attention(q, k, v, { mask: tensor(added, [rows, 3]), causal }),
            [0, 0, 0, 0],
            [1, 3, 1, 1],
          ),
          gradients: gradients(sum(square(first)), [q, k, v]),
        };
      });
      const close = { absolute: 1e-5, relative: 1e-5 };
      assertClose(result.first, [0, 3, 7], close, 'counts');
      assertClose(result.added, [0, 3, 7], close, 'added');
      const [dq, dk, dv] = result.gradients;
      // dout of the third is 14, its ds a third of 14 (v - 7): -56, -14 and 70 thirds; k makes 266 thirds of them.
      assertClose(dq!.subarray(0, 3), [0, 0, 266 / 3], close, 'dq');
      assert.ok(dq!.subarray(3).every((value) => value === 0));
      assertClose(dk!, [0, 0, 0], close, 'dk, of queries that are 0');
      assertClose(dv!, [6 + 14 / 3, 14 / 3, 14 / 3], close, 'dv');
    });
  }

  test(`attention under the lowest numbers is a mean, and a mask of no keys has zeros as its gradient, on ${on}`, async () => {
    const device = await open();
    const lowest = -3.4028234663852886e38;
    const result = await device.run(() => {
      const [k, v] = [zeros([1, 2, 1, 1]), tensor([3, 6], [1, 2, 1, 1])];
      const means = (rows: number) => attention(zeros([1, rows, 1, 1]), k, v, { mask: full([2], lowest) });
      const mask = full([3, 1], 0);
      const none = zeros([1, 0, 1, 4]);
      const nothing = attention(zeros([1, 3, 1, 4]), none, none, { mask });
      return { short: means(1), long: means(385), dmask: gradients(sum(nothing), [mask])[0]! };
    });
    assertClose(result.short, [4.5], { absolute: 1e-6, relative: 0 }, 'short');
    assertClose(result.long, new Array(385).fill(4.5), { absolute: 1e-6, relative: 0 }, 'long');
    assert.equal([...result.dmask], [0, 0, 0]);
  });

  test(`norms of no rows and of equal elements on ${on}`, async () => {
    const device = await open();
    const result = await device.run(() => {
      const [scale, shift] = [full([3], 2), full([3], 5)];
      const none = gradients(sum(layerNorm(zeros([0, 3]), scale, shift)), [scale, shift]);
      const equal = full([2, 3], 4);
      const y = layerNorm(equal, scale, shift);
      return { none, y, dx: gradients(sum(square(y)), [equal])[0] };
    });
    for (const gradient of result.none) assert.equal([...gradient], [0, 0, 0]);
    assert.equal([...result.y], [5, 5, 5, 5, 5, 5]);
    for (const value of result.dx) assert.ok(Math.abs(value) < 1e-2, `${value}`);
  });

  test(`rank 0 arrives as a number, rank 6 is handled on ${on}`, async () => {
    const device = await open();
    const six = [2, 1, 3, 1, 2, 2];
    const values = Float32Array.from({ length: 24 }, (_, i) => i);
    const result = await device.run(() => {
      const x = tensor(values, six);
      return {
        scalar: sum(tensor([2, 3], [2])),
        one: reshape(tensor([4], [1]), []),
        sums: sum(x, [0, 2, 5]),
        turned: transpose(x),
      };
    });
    assert.is(result.scalar, 5);
    assert.is(result.one as unknown, 4);
    const sums = [0, 0];
    for (const [i, value] of values.entries()) sums[(i >> 1) & 1] += value;
    assert.equal([...result.sums], sums);
    const strides = [12, 12, 4, 4, 2, 1];
    const turned: number[] = [];
    for (let f = 0; f < 2; f++)
      for (let e = 0; e < 2; e++)
        for (let c = 0; c < 3; c++)
          for (let a = 0; a < 2; a++) turned.push(a * strides[0] + c * strides[2] + e * 2 + f);
    assert.equal([...result.turned], turned);
  });

  test(`a NaN is never lost on ${on}`, async () => {
    const device = await open();
    const data = [nan, 1, 2];
    const result = await device.run(() => {
      const x = tensor(data, [3]);
      const long = tensor([...new Array(300).fill(1), nan], [301]);
      const late = tensor([5, nan, 1], [3]);
      return {
        abs: abs(x),
        clamp: clamp(x, { min: 0, max: 1 }),
        cos: cos(x),
        erf: erf(x),
        floor: floor(x),
        hardSigmoid: hardSigmoid(x),
        hardSwish: hardSwish(x),
        power: power(x, 2),
        quickGelu: quickGelu(x),
        sin: sin(x),
        exp: exp(x),
        gelu: gelu(x),
        geluTanh: gelu(x, { approximate: 'tanh' }),
        silu: silu(x),
        relu: relu(x),
        relu6: relu6(x),
        square: square(x),
        first: maximum(x, 0),
        second: maximum(0, x),
        least: minimum(x, 9),
        least2: minimum(9, x),
        max: max(x),
        late: max(late),
        long: max(long),
        sum: sum(x),
        softmax: softmax(x),
        log: logSoftmax(late),
      };
    });
    for (const [name, value] of Object.entries(result)) {
      const at = name === 'log' ? 1 : 0;
      const found = typeof value === 'number' ? value : value[at];
      assert.ok(Number.isNaN(found), `${name} gives ${found}`);
    }
    assert.equal([...result.relu].slice(1), [1, 2]);
    assert.equal([...result.least2].slice(1), [1, 2]);
  });

  test(`activations at their edges, alone and behind a product, on ${on}`, async () => {
    const device = await open();
    // Not a number, with either sign; and the neighbours of 0 and 6.
    const bits = [0xffc00000, 0x7fc00000, 0x80000000, 0, 0x80800000, 0x40bfffff, 0x40c00000, 0x40c00001];
    const edges = new Float32Array(Uint32Array.from([...bits, 0xff800000, 0x7f800000]).buffer);
    const result = await device.run(() => {
      const x = tensor(edges, [edges.length, 1]);
      const product = (columns: number) => matmul(x, full([1, columns], 1));
      return {
        relu: relu(x),
        relu6: relu6(x),
        ...{ productRelu: relu(product(4)), productRelu6: relu6(product(4)), scalarRelu6: relu6(product(1)) },
      };
    });
    for (const [name, values] of Object.entries(result)) {
      const columns = values.length / edges.length;
      const limit = name.endsWith('6') ? 6 : infinity;
      values.forEach((found, i) => {
        const value = edges[Math.floor(i / columns)];
        const expected = value < 0 ? 0 : value > limit ? limit : value;
        assert.ok(Object.is(found + 0, expected + 0), `${name} of ${value} gives ${found}`);
      });
    }
  });

  // What each gives at the edges; softmax and the loss as PyTorch: one value that is no number, and none of the row is.
  test(`functions at the edges of float32 on ${on}`, async () => {
    const device = await open();
    const edges = [nan, -infinity, -1, 0, infinity];
    const rows = [
      [nan, 1, 2],
      [1, infinity, 2],
      [1, -infinity, 1],
    ];
    const result = await device.run(() => {
      const x = tensor(edges, [5]);
      const logits = tensor(rows.flat(), [3, 3]);
      const losses = crossEntropyLosses(logits, tensor(Int32Array.of(1, 0, 0), [3]));
      return {
        erf: erf(x),
        exp: exp(x),
        log: log(x),
        sqrt: sqrt(x),
        tanh: tanh(x),
        sigmoid: sigmoid(x),
        softmax: softmax(logits),
        logSoftmax: logSoftmax(logits),
        losses,
        dlogits: gradients(sum(losses), [logits])[0],
      };
    });
    const e = Math.exp(-1);
    const found = {
      erf: [nan, -1, -0.842700792949715, 0, 1],
      exp: [nan, 0, e, 1, infinity],
      log: [nan, nan, nan, -infinity, infinity],
      sqrt: [nan, nan, nan, 0, infinity],
      tanh: [nan, -1, Math.tanh(-1), 0, 1],
      sigmoid: [nan, 0, e / (1 + e), 0.5, 1],
      softmax: [nan, nan, nan, nan, nan, nan, 0.5, 0, 0.5],
      logSoftmax: [nan, nan, nan, nan, nan, nan, -Math.LN2, -infinity, -Math.LN2],
      losses: [nan, nan, Math.LN2],
      dlogits: [nan, nan, nan, nan, nan, nan, -0.5, 0, 0.5],
    };
    for (const [name, expected] of Object.entries(found))
      assertClose(result[name as keyof typeof found], expected, { absolute: 1e-6, relative: 1e-6 }, name);
  });

  // Both sides of every branch, out to where results leave float32; values and slopes from PyTorch in float64.
  test(`gelu, silu and erf far from 0 on ${on}`, async () => {
    const device = await open();
    const points = [-200, -14, -5, -1, -1e-3, 0, 1e-3, 0.999, 1, 5, 200, infinity];
    const result = await device.run(() => {
      const x = tensor(points, [points.length]);
      const both = (y: Tensor) => [y, ...gradients(sum(slice(y, [0], [11])), [x])] as const;
      const [exact, exactSlope] = both(gelu(x));
      const [approximate, approximateSlope] = both(gelu(x, { approximate: 'tanh' }));
      const [unit, unitSlope] = both(silu(x));
      const [error, errorSlope] = both(erf(x));
      return { exact, exactSlope, approximate, approximateSlope, unit, unitSlope, error, errorSlope };
    });
    for (const [name, expected] of Object.entries(FAR_FROM_ZERO)) {
      const found = result[name as keyof typeof result].slice(0, expected.length);
      // Relative: far below 0 the digits are kept, too.
      assertClose(found, expected, { absolute: 1e-30, relative: 1e-5 }, name);
    }
  });

  test(`sines and cosines of any number of turns on ${on}`, async () => {
    const device = await open();
    const sizes = [1, 3, 5e4, 65535.9, 65536, 1e5, 1e7, 2 ** 24 + 2, 1e8, 3e9, 1e12, 6.02e23, 1e30, 3.4e38];
    // A multiple of half a turn but for its rounding: what is left are the last digits.
    const points = Float32Array.from([...sizes, 1e5 * Math.PI, 2 ** 20 * Math.PI].flatMap((x) => [x, -x]));
    const result = await device.run(() => {
      const x = tensor([...points, infinity, -infinity], [points.length + 2]);
      const slopes = gradients(sum(slice(sin(x), [0], [points.length])), [x])[0];
      return { sine: sin(x), cosine: cos(x), slopes };
    });
    const within = { absolute: 1e-6, relative: 0 };
    const count = points.length;
    assertClose(result.sine.slice(0, count), [...points].map(Math.sin), within, 'sin');
    assertClose(result.cosine.slice(0, count), [...points].map(Math.cos), within, 'cos');
    assertClose(result.slopes.slice(0, count), [...points].map(Math.cos), within, 'slope of sin');
    for (const values of [result.sine, result.cosine])
      assert.ok([...values].slice(count).every(Number.isNaN), `${[...values].slice(count)}`);
  });

  test(`slopes of gates end in 0 and 1 on ${on}`, async () => {
    const device = await open();
    // Its cube leaves float32, and the last ones are none.
    const points = [-infinity, -3e38, -1.3e13, 1.3e13, 3e38, infinity, nan];
    const result = await device.run(() => {
      const x = tensor(points, [7]);
      const slopes = (y: Tensor) => gradients(sum(slice(y, [0], [7])), [x])[0];
      return {
        exact: slopes(gelu(x)),
        tanh: slopes(gelu(x, { approximate: 'tanh' })),
        silu: slopes(silu(x)),
        quick: slopes(quickGelu(x)),
      };
    });
    for (const [name, values] of Object.entries(result))
      assert.equal(
        [...values].map((slope) => slope + 0),
        [0, 0, 0, 1, 1, 1, nan],
        name,
      );
  });

  test(`infinities stand in constants, in paddings and where a mask has none, on ${on}`, async () => {
    const device = await open();
    const result = await device.run(() => {
      const x = tensor([1, 2], [2]);
      const scores = where(tensor(Int32Array.of(1, 0), [2]), x, -infinity);
      const [slopes] = gradients(sum(multiply(softmax(scores), tensor([3, 4], [2]))), [x]);
      const padded = pad(x, [1], [0], { value: -infinity });
      return { scores, slopes, padded, high: full([2], infinity), low: full([2], -infinity) };
    });
    assert.equal(
      Object.values(result).map((values) => [...values]),
      [
        [1, -infinity],
        [0, 0],
        [-infinity, 1, 2],
        [infinity, infinity],
        [-infinity, -infinity],
      ],
    );
  });

  test(`the corners of hard sigmoid and hard swish on ${on}`, async () => {
    const device = await open();
    const points = [-4, -3, -1.5, 0, 1.5, 3, 4];
    const result = await device.run(() => {
      const x = tensor(points, [7]);
      const both = (y: Tensor) => [y, ...gradients(sum(y), [x])] as const;
      const [lines, slopes] = both(hardSigmoid(x));
      const [gated, gatedSlopes] = both(hardSwish(x));
      return { lines, slopes, gated, gatedSlopes };
    });
    const sixth = 1 / 6;
    const found = {
      lines: [0, 0, 0.25, 0.5, 0.75, 1, 1],
      slopes: [0, 0, sixth, sixth, sixth, 0, 0],
      gated: [0, 0, -0.375, 0, 1.125, 3, 4],
      gatedSlopes: [0, 0, 0, 0.5, 1, 1, 1],
    };
    for (const [name, expected] of Object.entries(found))
      assertClose(result[name as keyof typeof found], expected, { absolute: 1e-7, relative: 1e-7 }, name);
  });

  test(`a bound of clamp is inside, and infinities have their bounds, on ${on}`, async () => {
    const device = await open();
    const points = [-infinity, -2, -0.1, 0, 0.1, 2, infinity];
    const result = await device.run(() => {
      const x = tensor(points, [7]);
      const both = (options: Parameters<typeof clamp>[1]) => {
        const y = clamp(x, options);
        return [y, ...gradients(sum(multiply(y, tensor([1, 2, 3, 4, 5, 6, 7], [7]))), [x])] as const;
      };
      return [both({ min: -0.1, max: 0.1 }), both({ max: 2 }), both({ min: 1, max: -2 })];
    });
    const rounded = device.precision === 'float64' ? 0.1 : Math.fround(0.1);
    const found = result.map((tensors) => tensors.map((values) => [...values]));
    assert.equal(found, [
      [
        [-rounded, -rounded, -rounded, 0, rounded, rounded, rounded],
        [0, 0, 3, 4, 5, 0, 0],
      ],
      [
        [-infinity, -2, -rounded, 0, rounded, 2, 2],
        [1, 2, 3, 4, 5, 6, 0],
      ],
      // As PyTorch: max has the last word.
      [new Array(7).fill(-2), new Array(7).fill(0)],
    ]);
  });

  test(`powers and their slopes at their edges on ${on}`, async () => {
    const device = await open();
    const found = await device.run(() => {
      const [a, b] = [0, 1].map((i) =>
        tensor(
          POWERS.map((row) => row[i]),
          [POWERS.length],
        ),
      );
      const y = power(a, b);
      return [y, ...gradients(sum(y), [a, b])];
    });
    found.forEach((values, i) => {
      const expected = POWERS.map((row) => row[2 + i]);
      POWERS.forEach(([a, b], at) => {
        const close = { absolute: 1e-30, relative: 1e-5 };
        assertClose(
          [values[at]],
          [expected[at]],
          close,
          `${['value', 'slope by a', 'slope by b'][i]} of ${a}^${b}`,
        );
      });
    });
  });

  test(`where keeps what was not taken out of values and gradients on ${on}`, async () => {
    const device = await open();
    const found = await device.run(() => {
      const a = tensor([1, nan, 3], [3]);
      const b = tensor([nan, 5, infinity], [3]);
      const y = where(tensor([1, 0, -7], [3], 'int32'), a, b);
      return [y, ...gradients(sum(multiply(y, tensor([10, nan, infinity], [3]))), [a, b])];
    });
    const exact = { absolute: 0, relative: 0 };
    assertClose(found[0], [1, 5, 3], exact, 'values');
    assertClose(found[1], [10, 0, infinity], exact, 'gradient of a');
    assertClose(found[2], [0, nan, 0], exact, 'gradient of b');
  });

  test(`masked softmax where little counts, or nothing, on ${on}`, async () => {
    const device = await open();
    const rows = [
      [nan, 1, 2, 3],
      [1, nan, 2, 3],
      [5, 6, 7, 8],
      [-infinity, 4, 4, 9],
    ];
    const counts = [
      [0, 1, 1, 0],
      [0, 1, 0, 1],
      [0, 0, 0, 0],
      [-1, 1, 7, 0],
    ];
    const result = await device.run(() => {
      const x = tensor(rows.flat(), [4, 4]);
      const mask = tensor(Int32Array.from(counts.flat()), [4, 4]);
      const added = tensor(
        counts.flat().map((one) => (one === 0 ? -infinity : 0)),
        [4, 4],
      );
      const [y, log] = [softmax(x, { mask }), logSoftmax(x, { mask })];
      // The gradients of what does not count are dropped, whatever they are.
      const [dx] = gradients(sum(multiply(y, full([4, 4], 2))), [x]);
      const [dlog] = gradients(sum(log), [x]);
      return {
        y,
        log,
        added: softmax(x, { mask: added }),
        rows: softmax(full([2, 2], 3), { axis: 0, mask: tensor(Int32Array.of(1, 0), [1, 2]) }),
        dx,
        dlog,
      };
    });
    const e = Math.exp(-1);
    const [less, more] = [e / (1 + e), 1 / (1 + e)];
    const y = [0, less, more, 0, 0, nan, 0, nan, 0, 0, 0, 0, 0, 0.5, 0.5, 0];
    const log = [
      ...[-infinity, Math.log(less), Math.log(more), -infinity, -infinity, nan, -infinity, nan],
      ...[...new Array(5).fill(-infinity), -Math.LN2, -Math.LN2, -infinity],
    ];
    const close = { absolute: 1e-6, relative: 1e-6 };
    assertClose(result.y, y, close, 'softmax');
    assertClose(result.log, log, close, 'logSoftmax');
    // A NaN that a float32 mask is added to stays one.
    assertClose(result.added.slice(4), y.slice(4), close, 'added');
    assert.equal([...result.rows], [0.5, 0, 0.5, 0]);
    for (const [name, values] of Object.entries({ dx: result.dx, dlog: result.dlog }))
      counts.flat().forEach((one, i) => {
        if (one === 0 && i >= 8) assert.is(Math.abs(values[i]), 0, `${name} ${i}`);
      });
    assertClose(result.dlog.slice(0, 4), [0, 1 - 2 * less, 1 - 2 * more, 0], close, 'dlog');
  });

  test(`infinities on ${on}`, async () => {
    const device = await open();
    const result = await device.run(() => {
      const x = tensor([-infinity, -1, infinity], [3]);
      return {
        relu: relu(x),
        relu6: relu6(x),
        max: max(x),
        least: max(minimum(x, tensor([-infinity], []))),
        log: log(zeros([1])),
        divide: divide(1, zeros([1])),
      };
    });
    assert.equal([...result.relu], [0, 0, infinity]);
    assert.equal([...result.relu6], [0, 0, 6]);
    assert.is(result.max as unknown, infinity);
    assert.is(result.least as unknown, -infinity);
    assert.equal([...result.log, ...result.divide], [-infinity, infinity]);
  });

  test(`labels that were computed and are no class give NaN on ${on}`, async () => {
    const device = await open();
    const state = device.createState([3], 'int32', Int32Array.of(1, 3, -1));
    const outside = device.createState([3], 'int32', Int32Array.of(-3, 3, -4));
    const result = await device.run(() => {
      const logits = tensor([1, 2, 3, 1, 2, 3, 1, 2, 3], [3, 3]);
      const losses = crossEntropyLosses(logits, state);
      return {
        losses,
        dlogits: gradients(sum(losses), [logits])[0],
        hot: oneHot(state, 3),
        rows: gather(logits, outside),
        embedded: embedding(logits, state),
        added: scatterAdd(logits, outside, 3),
      };
    });
    for (const values of [result.dlogits, result.hot, result.rows, result.embedded]) {
      assert.ok([...values].slice(0, 3).every(Number.isFinite));
      assert.ok([...values].slice(3).every(Number.isNaN));
    }
    assert.equal([...result.losses].map(Number.isFinite), [true, false, false]);
    assert.equal([...result.added], [1, 2, 3, 0, 0, 0, 0, 0, 0]);
    device.releaseState(state);
    device.releaseState(outside);
  });

  test(`ties: argmax takes the first, max shares its gradient on ${on}`, async () => {
    const device = await open();
    const result = await device.run(() => {
      const x = tensor([1, 4, 4, 0, 4, 2, 2, 2], [2, 4]);
      return { index: argmax(x), gradient: gradients(sum(max(x, 1)), [x])[0] };
    });
    assert.equal([...result.index], [1, 0]);
    assert.equal([...result.gradient], [0, 0.5, 0.5, 0, 1, 0, 0, 0]);
  });

  test(`topK sorts, takes the first of ties, and gives its gradient to what it took, on ${on}`, async () => {
    const device = await open();
    const result = await device.run(() => {
      const x = tensor([1, 4, nan, 4, 4, 2, 2, 2], [2, 4]);
      const { values, indices } = topK(x, 3);
      const across = topK(x, 1, 0);
      return {
        values,
        indices,
        gradient: gradients(sum(multiply(values, tensor([1, 2, 3], [3]))), [x])[0],
        across: across.indices,
        least: argmin(x),
        none: argmax(x, 1, true),
      };
    });
    assert.equal([...result.values], [nan, 4, 4, 4, 2, 2]);
    assert.equal([...result.indices], [2, 1, 3, 0, 1, 2]);
    assert.equal([...result.gradient], [0, 2, 1, 3, 1, 2, 3, 0]);
    assert.equal([...result.across], [1, 0, 0, 0]);
    assert.equal([...result.least], [2, 1]);
    assert.equal([...result.none], [2, 0]);
  });

  test(`the largest of 0 and -0 is 0 on ${on}`, async () => {
    const device = await open();
    const result = await device.run(() => max(tensor([0, -0], [2])));
    assert.ok(Object.is(result, 0));
  });

  test(`dropout drops what Philox says, element by element, on ${on}`, async () => {
    const device = await open();
    const [count, seed, step] = [1003, 4_000_000_123, 77];
    for (const probability of [0.1, 0.5, 0.9]) {
      const random = { seed, step };
      const [first, second, gradient] = await device.run(() => {
        const x = full([count], 1);
        const [a, b] = [dropout(x, probability, random), dropout(x, probability, random)];
        return [a, b, gradients(sum(a), [x])[0]];
      });
      for (const [launch, values] of [first, second, gradient].entries()) {
        const ordinal = launch === 2 ? 0 : launch;
        const expected = Array.from({ length: count }, (_, i) => {
          const words = philox([Math.floor(i / 4), ordinal, step, 0], [seed, PURPOSE.dropout]);
          return uniform(words[i % 4]) >= Math.fround(probability);
        });
        assert.equal(
          [...values].map((value) => value !== 0),
          expected,
          `launch ${launch}`,
        );
      }
      const kept = first.find((value) => value !== 0) as number;
      assert.ok(Math.abs(kept - 1 / (1 - probability)) < 1e-5);
    }
  });

  test(`assign and accumulate between arrays of one arena on ${on}`, async () => {
    const device = await open();
    const arena = new Arena(device, [[3], [3]]);
    const [a, b] = [arena.view(0), arena.view(1)];
    await device.run(() => {
      assign(a, tensor([1, 2, 3], [3]));
      assign(b, a);
      accumulate(b, a);
      accumulate(a, a);
      assign(a, asTensor(a) as Tensor);
    });
    assert.equal([...(await device.read(a))], [2, 4, 6]);
    assert.equal([...(await device.read(b))], [2, 4, 6]);
    assert.equal(
      [...(await device.read(arena.chunks[0]))].filter((x) => x !== 0),
      [2, 4, 6, 2, 4, 6],
      'padding stays zero',
    );
    arena.close();
  });

  test(`the mean of large data on ${on}`, async () => {
    const device = await open();
    const count = 100_000;
    const data = Float32Array.from({ length: count }, (_, i) => 1 + (i % 10));
    assert.ok(Math.abs((await device.run(() => mean(tensor(data, [count])))) - 5.5) < 5e-5);
  });
}
