/** Device.run on the CPU, inline and in a worker: what it returns and refuses, when plans are reused, order, failures, close. */
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { open } from '#src/engine/open';
import { AttuneError } from '#src/errors';
import { accumulate, assign } from '#src/ops/update/accumulate';
import { add } from '#src/ops/pointwise/add';
import { full, ones, zeros } from '#src/ops/core/constant';
import { dropout } from '#src/ops/pointwise/dropout';
import { matmul } from '#src/ops/product/matmul';
import { multiply } from '#src/ops/pointwise/multiply';
import { reshape } from '#src/ops/shape/reshape';
import { sum } from '#src/ops/reduce/sum';
import { tanh } from '#src/ops/pointwise/tanh';
import type { Device } from '#src/program/device';
import type { State } from '#src/program/state';
import { generator } from '#src/tensor/philox';
import { asTensor, type Tensor, tensor } from '#src/tensor/tensor';
import { assertThrows } from '../ops/support.js';

/** A test in each precision with a device of its own, closed at the end. */
function onDevice(name: string, body: (device: Device) => Promise<void>): void {
  for (const precision of ['float64', 'float32'] as const) {
    test(`${name} (${precision})`, async () => {
      const device = await open('cpu', { precision });
      try {
        await body(device);
      } finally {
        await device.close();
      }
    });
  }
}

const three = (...values: number[]) => tensor(values, [3]);

onDevice('what the body returns arrives as host values, wherever it stands', async (device) => {
  const result = await device.run(() => {
    const x = three(1, 2, 3);
    const total = sum(x);
    return { total, deep: [x, { again: x, text: 'kept' }], nothing: null, number: 7, list: [total, total] };
  });
  assert.is(result.total, 6);
  assert.equal(result.list, [6, 6]);
  const Floats = device.precision === 'float64' ? Float64Array : Float32Array;
  assert.equal(result.deep, [Floats.of(1, 2, 3), { again: Floats.of(1, 2, 3), text: 'kept' }]);
  assert.equal([result.nothing, result.number], [null, 7]);
  assert.is(await device.run(() => undefined), undefined);
  assert.equal(await device.run(() => tensor([-1, 2], [2], 'int32')), Int32Array.of(-1, 2));
  assert.equal(await device.run(() => tensor(Uint8Array.of(1, 255), [2])), Uint8Array.of(1, 255));
});

onDevice('results are copies: later programs do not change them', async (device) => {
  const run = (value: number) => device.run(() => add(three(value, value, value), 0));
  const first = await run(1);
  await run(2);
  assert.equal([...first], [1, 1, 1]);
});

onDevice('new data and new step values reuse the plan', async (device) => {
  const random = generator(5);
  const masks = new Set<string>();
  for (let step = 0; step < 10; step++) {
    random.step = step;
    const x = Float32Array.of(step, step + 1, step + 2);
    const [y, z] = await device.run(() => {
      const input = tensor(x, [3]);
      return [multiply(input, 2), dropout(ones([64]), 0.5, random)];
    });
    assert.equal([...y], [2 * step, 2 * step + 2, 2 * step + 4]);
    masks.add([...z].join());
  }
  assert.is(device.plansMade, 1);
  assert.is(masks.size, 10, 'the step reached the kernel');
});

onDevice('any difference that a plan depends on makes another one', async (device) => {
  const states = [device.createState([3]), device.createState([3])];
  const programs: (() => unknown)[] = [
    () => tanh(three(1, 2, 3)),
    () => multiply(three(1, 2, 3), three(1, 2, 3)),
    () => add(three(1, 2, 3), 1),
    () => add(three(1, 2, 3), 2),
    () => sum(tensor([1, 2, 3, 4], [2, 2]), 0),
    () => sum(tensor([1, 2, 3, 4], [2, 2]), 1),
    () => add(states[0], 1),
    () => add(states[1], 1),
  ];
  for (const [i, program] of programs.entries()) {
    await device.run(program);
    assert.is(device.plansMade, i + 1, `program ${i}`);
  }
  for (const program of programs) await device.run(program);
  assert.is(device.plansMade, programs.length, 'all eight were kept');
});

onDevice('sizes, dtypes, wiring and what is returned are part of the signature', async (device) => {
  const two = (pick: (a: Tensor, b: Tensor) => unknown) => () => {
    const [a, b] = [tanh(three(1, 2, 3)), tanh(three(4, 5, 6))];
    return pick(a, b);
  };
  const first = await device.run(two((a, b) => [a, b]));
  const second = await device.run(two((a, b) => [b, a]));
  const third = await device.run(two((a) => a));
  const fourth = await device.run(two((_, b) => b));
  assert.equal(second, [(first as Float64Array[])[1], (first as Float64Array[])[0]]);
  assert.equal([third, fourth], first);
  await device.run(() => tanh(tensor([1, 2], [2])));
  await device.run(() => tensor([1, 2], [2], 'int32'));
  await device.run(() => tensor([1, 2], [2], 'uint32'));
  assert.is(device.plansMade, 7);
});

onDevice('eight plans are kept; the least recently used goes, with its buffers', async (device) => {
  const programs = Array.from({ length: 9 }, (_, i) => () => tanh(zeros([1000 * 2 ** i])));
  for (const program of programs.slice(0, 8)) await device.run(program);
  await device.run(programs[0]);
  assert.is(device.plansMade, 8);
  const { liveBytes } = device.counters;
  await device.run(programs[8]); // program 1 is the oldest now
  await device.run(programs[0]);
  assert.is(device.plansMade, 9);
  await device.run(programs[1]);
  assert.is(device.plansMade, 10, 'program 1 was given up');
  for (let round = 0; round < 5; round++) for (const program of programs) await device.run(program);
  assert.ok(
    device.counters.liveBytes < 3 * liveBytes + 2 ** 22,
    `${device.counters.liveBytes} bytes are alive`,
  );
  assert.is(device.counters.buffersCreated - device.counters.buffersDestroyed <= 24, true);
});

onDevice('a program that fits alone runs, whatever memory the plans of others hold', async (device) => {
  const large = () => sum(matmul(full([200, 500], 1), full([500, 200], 1)));
  const small = () => sum(tanh(matmul(full([10, 400], 0), full([400, 10], 0))));
  await device.prepare(large);
  limitMemory(device, device.counters.liveBytes);
  for (let round = 0; round < 3; round++) {
    assert.is(await device.run(large), 200 * 200 * 500);
    assert.is(await device.run(small), 0);
  }
  // Two that are in flight together, one of which makes room for itself.
  assert.equal(await Promise.all([device.run(large), device.run(small)]), [200 * 200 * 500, 0]);
  const tooLarge = () => sum(matmul(full([400, 500], 1), full([500, 400], 1)));
  await assertThrows(() => device.run(tooLarge), 'device', /no more/);
  assert.is(await device.run(small), 0);
});

/** Makes a device answer as one that has only so much memory. */
function limitMemory({ backend }: Device, bytes: number): void {
  const { allocate } = backend;
  backend.allocate = (length) => {
    if (backend.counters.liveBytes + length > bytes)
      throw new AttuneError({ code: 'device', what: 'there is no more' });
    return allocate.call(backend, length);
  };
}

onDevice('assign: what was recorded before sees old values, what comes after new ones', async (device) => {
  const state = device.createState([3], 'float32', Float32Array.of(1, 2, 3));
  const result = await device.run(() => {
    const before = add(state, 0);
    assign(state, multiply(state, 10));
    const between = add(state, 0);
    accumulate(state, three(1, 1, 1));
    return { before, between, after: add(state, 0), state: asTensor(state) };
  });
  assert.equal([...result.before], [1, 2, 3]);
  assert.equal([...result.between], [10, 20, 30]);
  assert.equal([...result.after], [11, 21, 31]);
  assert.equal([...result.state], [11, 21, 31], 'a returned state is read after the program');
  assert.equal([...(await device.read(state))], [11, 21, 31]);
});

onDevice('state writes are neither dropped nor reordered, unused results are', async (device) => {
  const state = device.createState([3]);
  await device.run(() => {
    tanh(three(1, 2, 3)); // nobody needs it
    assign(state, three(1, 1, 1));
    assign(state, multiply(state, 3));
    accumulate(state, state);
    assign(state, add(state, 0.5));
  });
  assert.equal([...(await device.read(state))], [6.5, 6.5, 6.5]);
  assert.is(
    device.lastProgram.launches,
    9,
    'two constants, multiply, add, a copy for accumulate, four writes',
  );
});

onDevice('misuse is refused with its sentence, and the device goes on', async (device) => {
  let kept: Tensor | undefined;
  await device.run(() => {
    kept = three(1, 2, 3);
  });
  const state = device.createState([2]);
  await assertThrows(
    () => add(1, 2),
    'program',
    /operation was called outside of device\.run.*await device\.run/,
  );
  await assertThrows(() => tensor([1], [1]), 'program', /outside of device\.run/);
  await assertThrows(() => asTensor(state), 'program', /outside of device\.run/);
  const bodies: [() => unknown, string, RegExp][] = [
    [async () => three(1, 2, 3), 'program', /returned a promise.*synchronous/],
    // Unheard, the rejection of the inner promise would end this process.
    [() => device.run(() => three(1, 2, 3)), 'program', /returned a promise.*synchronous/],
    [
      () => tanh(kept as Tensor),
      'program',
      /tensor of shape \[3\] was used after its program had ended.*assign/,
    ],
    [() => kept, 'program', /used after its program had ended/],
    [() => assign(state, three(1, 2, 3)), 'shape', /shape \[3\] does not fit a state of \[2\]/],
    [() => assign(state, tensor([1, 2], [2], 'int32')), 'shape', /dtype int32, not float32/],
    [
      () => {
        throw new Error('of the user');
      },
      '',
      /of the user/,
    ],
  ];
  for (const [body, code, sentence] of bodies) {
    await assertThrows(
      () => device.run(body),
      code === '' ? (undefined as unknown as string) : code,
      sentence,
    );
    assert.is(await device.run(() => sum(three(1, 2, 3))), 6);
  }
  await assertThrows(
    () => device.write(state, new Float32Array(3)),
    'shape',
    /3 values were written to a state of 2/,
  );
  await assertThrows(
    () => device.createState([2], 'int32', Float32Array.of(1, 1.5)),
    'shape',
    /1\.5 at position 1 is not a number of dtype int32/,
  );
});

onDevice('a run inside the body of another is refused', async (device) => {
  const inner: Promise<unknown>[] = [];
  const outer = await device.run(() => {
    inner.push(device.run(() => 1));
    inner[0].catch(() => {}); // looked at below
    return sum(three(1, 2, 3));
  });
  assert.is(outer, 6);
  await assertThrows(() => inner[0], 'program', /called inside the body of another/);
});

onDevice('a program of 513 step values is refused', async (device) => {
  await assertThrows(
    () =>
      device.run(() => {
        for (let i = 0; i < 257; i++) dropout(ones([4]), 0.5, generator(i));
      }),
    'program',
    /can hold 512 step values/,
  );
  const same = generator(1);
  await device.run(() => {
    for (let i = 0; i < 100; i++) dropout(ones([4]), 0.5, same);
  });
});

onDevice('programs, writes and reads run in the order of their calls', async (device) => {
  const state = device.createState([1]);
  const append = (digit: number) => device.run(() => assign(state, add(multiply(state, 10), digit)));
  const waits: Promise<unknown>[] = [];
  const reads: Promise<ArrayLike<number>>[] = [];
  for (let digit = 1; digit <= 8; digit++) {
    waits.push(append(digit));
    reads.push(device.read(state));
  }
  const values = Float32Array.of(5);
  device.write(state, values);
  values[0] = 99; // the write took a copy
  reads.push(device.read(state));
  waits.push(append(6));
  reads.push(device.read(state));
  const seen = (await Promise.all(reads)).map((read) => read[0]);
  assert.equal(seen, [1, 12, 123, 1234, 12345, 123456, 1234567, 12345678, 5, 56]);
  await Promise.all(waits);
});

onDevice('host data reaches its own run, whether others are on their way or none is', async (device) => {
  const count = 100_000;
  const filled = (value: number) => new Float32Array(count).fill(value);
  const program = (value: number) => device.run(() => add(multiply(tensor(filled(value), [count]), 2), 1));
  const state = device.createState([count], 'float32', filled(3));
  for (let round = 0; round < 3; round++) {
    assert.equal([...new Set(await program(round))], [2 * round + 1], 'none is');
    const results = [4, 5, 6, 7].map(program);
    device.write(state, filled(round));
    const last = device.run(() => multiply(state, 1));
    const seen = await Promise.all([...results, last]);
    assert.equal(
      seen.map((values) => [...new Set(values)]),
      [[9], [11], [13], [15], [round]],
    );
  }
});

onDevice('a state that is released while programs wait lives until they are done', async (device) => {
  const state = device.createState([3], 'float32', Float32Array.of(1, 2, 3));
  const first = device.run(() => tanh(state));
  const second = device.run(() => add(state, 1));
  device.releaseState(state);
  assert.equal([...(await second)], [2, 3, 4]);
  await first;
  const use: (() => unknown)[] = [
    () => add(state, 1),
    () => asTensor(state),
    () => assign(state, three(1, 2, 3)),
  ];
  for (const body of use)
    await assertThrows(() => device.run(body), 'program', /state of 3 elements was used after its release/);
  await assertThrows(() => device.read(state), 'program', /after its release/);
  await assertThrows(() => device.write(state, new Float32Array(3)), 'program', /after its release/);
  await assertThrows(() => device.releaseState(state), 'program', /after its release/);
});

onDevice('a state of another device is refused', async (device) => {
  const other = await open('cpu', { precision: 'float64' });
  const state = other.createState([3]);
  await assertThrows(() => device.run(() => add(state, 1)), 'program', /on a device that it is not on/);
  await other.close();
});

onDevice('at most two runs are with the backend at once', async (device) => {
  const { backend } = device;
  const execute = backend.execute.bind(backend);
  let running = 0;
  let most = 0;
  backend.execute = async (...given) => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 2));
    running--;
    return execute(...given);
  };
  await Promise.all(Array.from({ length: 9 }, (_, i) => device.run(() => add(three(i, i, i), 1))));
  assert.is(most, 2);
});

onDevice('a device that fails to prepare or run says so, and goes on', async (device) => {
  const { backend } = device;
  const { prepare, execute, allocate } = backend;
  const { liveBytes } = device.counters;
  // Both are returned: neither may take the other's slot.
  const run = () =>
    device.run(() => {
      const x = zeros([5]);
      return [x, tanh(x)];
    });
  backend.prepare = async () => Promise.reject(new Error('prepare failed'));
  await assertThrows(run, undefined as unknown as string, /prepare failed/);
  backend.prepare = prepare;
  assert.is(device.counters.liveBytes, liveBytes, 'its slots were given back');
  let allowed = 1;
  backend.allocate = (bytes) => {
    if (allowed-- === 0) throw new Error('no memory');
    return allocate.call(backend, bytes);
  };
  await assertThrows(run, undefined as unknown as string, /no memory/);
  backend.allocate = allocate;
  assert.is(device.counters.liveBytes, liveBytes, 'the slot that could be had was given back');
  backend.execute = async () => Promise.reject(new Error('run failed'));
  const failing = [run(), run(), run()];
  for (const each of failing) await assertThrows(() => each, undefined as unknown as string, /run failed/);
  backend.execute = execute;
  for (const values of await run()) assert.equal([...values], [0, 0, 0, 0, 0]);
});

onDevice('a write that fails in the queue is told by the next program', async (device) => {
  const state = device.createState([1]);
  const { backend } = device;
  const write = backend.write;
  const first = device.run(() => add(state, 1));
  backend.write = () => {
    throw new Error('write failed');
  };
  device.write(state, Float32Array.of(1));
  await first;
  backend.write = write;
  await assertThrows(() => device.run(() => add(state, 1)), undefined as unknown as string, /write failed/);
  assert.equal([...(await device.run(() => add(state, 1)))], [1]);
});

onDevice(
  'a watched state is checked with every result, and its error ends no later program',
  async (device) => {
    const state = device.createState([1]);
    let told = 0;
    const unwatch = device.watch(state, ([value]) => {
      if (value <= told) return null;
      told = value;
      return Object.assign(new Error(`saw ${value}`)) as never;
    });
    const bump = (by: number) => device.run(() => accumulate(state, tensor([by], [1])));
    await bump(1); // returns nothing, so nothing is read
    await assertThrows(() => device.run(() => sum(three(1, 2, 3))), undefined as unknown as string, /saw 1/);
    assert.is(await device.run(() => sum(three(1, 2, 3))), 6);
    await bump(1);
    await assertThrows(() => device.read(state), undefined as unknown as string, /saw 2/);
    await bump(1);
    unwatch();
    assert.is(await device.run(() => sum(three(1, 2, 3))), 6);
  },
);

test('close waits for programs, frees everything, and refuses what comes after', async () => {
  const device = await open('cpu', { precision: 'float64' });
  const state: State = device.createState([3]);
  const last = device.run(() => tanh(three(0, 0, 0)));
  const closing = device.close();
  assert.equal([...(await last)], [0, 0, 0]);
  await closing;
  await device.close();
  await assertThrows(() => device.run(() => 1), 'program', /used after it had been closed/);
  await assertThrows(() => device.read(state), 'program', /after it had been closed/);
  await assertThrows(() => device.createState([1]), 'program', /after it had been closed/);
  device.releaseState(state);
});

onDevice('a matrix product over a reshaped state reads the state as it is', async (device) => {
  const state = device.createState([4], 'float32', Float32Array.of(1, 2, 3, 4));
  const found = await device.run(() => matmul(reshape(state, [2, 2]), full([2, 1], 1)));
  assert.equal([...found], [3, 7]);
});

test('a program that runs again and again leaves no large object each time', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options?: { readonly type: 'minor' }) => void;
  const body = () => {
    const x = tensor([1], [1, 1]);
    let y: Tensor = x;
    for (let launch = 0; launch < 700; launch++) y = matmul(y, x);
    return y;
  };
  const device = await open('cpu', { precision: 'float64' });
  const kept = async () => {
    await device.run(body);
    await new Promise((resolve) => setTimeout(resolve, 1));
    // What lives through two of them is old, and stays until all is looked through.
    for (let round = 0; round < 2; round++) collect({ type: 'minor' });
    return getHeapSpaceStatistics().find(({ space_name }) => space_name === 'large_object_space')!
      .space_used_size;
  };
  for (let run = 0; run < 2; run++) await kept();
  collect();
  const before = await kept();
  for (let run = 0; run < 4; run++) await kept();
  const grown = (await kept()) - before;
  // V8 keeps what is larger than 128 kB apart; a text of this program would be.
  assert.ok(grown < 2 ** 17, `${grown} bytes in 5 runs`);
  await device.close();
});

test.run();
