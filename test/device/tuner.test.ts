/** The tuner on a device that is only played: variants with given times and given faults. */
import { type Backend, newCounters, type Prepared } from '#src/device/backend';
import { type DType, elementBytes, type TypedArray } from '#src/device/dtype';
import type { AdapterTraits, BufferRange, Kernel } from '#src/device/kernel';
import { candidates, disagreement, isHalfKey, sizeClass, tuneLaunch, tuningKey } from '#src/device/tuner';
import { AttuneError } from '#src/errors';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const TRAITS: AdapterTraits = {
  software: false,
  minSubgroupLanes: 0,
  maxInvocationsPerWorkgroup: 256,
  maxWorkgroupStorageBytes: 16384,
  maxBindingBytes: 2 ** 30,
};
const LENGTH = 100;
const [FLOAT, HALF] = [{ dtype: 'float32' }, { dtype: 'float16' }] as const;

/** How a variant of the played kernel behaves. */
interface Played {
  /** What the adapter's clock says of a launch in each of its timed runs, in turn; the last one again and again. */
  readonly milliseconds: readonly number[];
  /** Added to one element of the result: to its bits, where it is float16. */
  readonly error?: number;
  readonly refused?: boolean;
  readonly unsupported?: boolean;
}

/** y = 2 x, in the variants of `played`; the first one is the plain one, `standard` the kernel's own choice. */
function doubling(played: Readonly<Record<string, Played>>, standard: string): Kernel {
  const names = Object.keys(played);
  return {
    name: 'doubling',
    bindings: [
      { name: 'x', access: 'read', half: 'copy' },
      { name: 'more', access: 'read', optional: true, half: true },
      { name: 'y', access: 'write', half: true },
    ],
    shader: {
      variants: Object.fromEntries(
        names.map((name) => [
          name,
          {
            file: name,
            constants: {},
            grid: () => [1, 1, 1],
            supports: () => played[name].unsupported !== true,
          },
        ]),
      ),
      choose: () => standard,
      words: () => [],
      tuning: { shapeClass: ({ n }) => `n ${n}`, plain: () => names[0], candidates: () => names },
    },
    cpu: { units: () => 1, run: () => {} },
  };
}

/** A device that has a clock, or none: then nothing can be told apart. */
function playedBackend(played: Readonly<Record<string, Played>>, runs: string[] = []): Backend {
  const memory = new Map<number, TypedArray>();
  const turns = new Map<string, number>();
  const of = (range: BufferRange | null) => memory.get((range as BufferRange).buffer.id) as TypedArray;
  let ids = 0;
  return {
    info: { kind: 'webgpu', adapter: 'played', software: false, features: [], limits: {} },
    precision: 'float32',
    counters: newCounters(),
    maxBindingBytes: 2 ** 30,
    lost: false,
    inPlace: false,
    traits: TRAITS,
    choices: {},
    elementBytes: (dtype) => elementBytes(dtype, 'float32'),
    allocate(bytes) {
      memory.set(++ids, new Uint8Array(bytes));
      return { id: ids, bytes };
    },
    release: ({ id }) => void memory.delete(id),
    write({ buffer, dtype, length }, data) {
      assert.is(buffer.bytes, length * elementBytes(dtype, 'float32'));
      memory.set(buffer.id, data.slice());
    },
    async prepare(commands) {
      const variant = commands[0].kernel.shader.choose({}, TRAITS);
      if (played[variant].refused) throw new AttuneError({ code: 'device', what: 'too many registers' });
      return { commands };
    },
    async execute({ commands }: Prepared, _uploads, _step, reads, onTimes) {
      const [{ kernel, operands, attributes }] = commands;
      const variant = kernel.shader.choose({}, TRAITS);
      const { milliseconds, error = 0 } = played[variant];
      const [x, y] = [of(operands[0]), of(operands[2])];
      assert.ok(reads.length === 0 || isNothing(y), 'what was there before is overwritten');
      // Of float16 bits, the exponent lies from the tenth on.
      y.set(x.map((value) => (x instanceof Uint16Array ? value + 1024 : 2 * value)));
      y[7] += error;
      const turn = turns.get(variant) ?? 0;
      if (onTimes !== undefined) {
        turns.set(variant, turn + 1);
        runs.push(commands.length > 1 ? `${variant} x ${commands.length}` : variant);
      }
      const nanoseconds = 1e6 * milliseconds[Math.min(turn, milliseconds.length - 1)];
      const launches = commands.map(() => ({
        ...{ kernel: kernel.name, variant, attributes, begin: 0, nanoseconds },
      }));
      onTimes?.({ queued: 0, ended: 0, launches });
      return reads.map((range) => of(range).slice());
    },
    discard() {},
    async close() {
      assert.is(memory.size, 0, 'all memory was given back');
    },
  };
}

/** Whether all of a result is still to come: none of it is a number. */
function isNothing(y: TypedArray): boolean {
  return y.every((value) => (y instanceof Uint16Array ? value === 0x7e00 : Number.isNaN(value)));
}

async function tuned(
  played: Readonly<Record<string, Played>>,
  standard: string,
  deadline = Number.POSITIVE_INFINITY,
  runs: string[] = [],
  dtype: DType = 'float32',
) {
  const backend = playedBackend(played, runs);
  const operand = { dtype, length: LENGTH };
  const operands = [operand, null, operand];
  const launch = { kernel: doubling(played, standard), attributes: { n: 1 }, operands };
  const result = await tuneLaunch(backend, launch, deadline);
  await backend.close();
  return result;
}

test('the fastest variant wins by the least of its times', async () => {
  const played = {
    plain: { milliseconds: [9] },
    own: { milliseconds: [4] },
    better: { milliseconds: [5, 5, 3.5] },
  };
  const result = await tuned(played, 'own');
  assert.is(result?.standard, 'own');
  assert.is(result?.best, 'better');
  assert.equal(result?.times, [
    { variant: 'own', milliseconds: 4 },
    { variant: 'plain', milliseconds: 9 },
    { variant: 'better', milliseconds: 3.5 },
  ]);
});

test('a variant that computes something else has no time, however fast it is', async () => {
  for (const error of [0.01, Number.NaN]) {
    const played = { plain: { milliseconds: [5] }, wrong: { milliseconds: [0.001], error } };
    const result = await tuned(played, 'plain');
    assert.is(result?.best, 'plain');
    const { milliseconds, fault } = result!.times.find(({ variant }) => variant === 'wrong')!;
    assert.is(milliseconds, null);
    assert.match(String(fault), /^element 7 is /);
  }
  const alike = { plain: { milliseconds: [5] }, rounded: { milliseconds: [1], error: 1e-6 } };
  assert.is((await tuned(alike, 'plain'))?.best, 'rounded', 'rounding is no fault');
});

test('float16 operands are numbers, and results that differ by one rounding agree', async () => {
  const off = (error: number) => ({ plain: { milliseconds: [5] }, other: { milliseconds: [1], error } });
  const other = async (error: number) => tuned(off(error), 'plain', undefined, undefined, 'float16');
  assert.is((await other(1))?.best, 'other');
  const wrong = await other(16);
  assert.is(wrong?.best, 'plain');
  const { fault } = wrong!.times.find(({ variant }) => variant === 'other')!;
  const [, found, expected] = /^element 7 is (.*), not (.*)$/.exec(fault!)!.map(Number);
  assert.ok(Math.abs(expected) > 1 / 8 && Math.abs(expected) < 2, 'twice a number of 1/16 to 1');
  assert.ok(found !== expected && Math.abs(found / expected - 1) <= 16 * 2 ** -10, fault);
});

test('the own choice stays when the gain is noise, and goes when it is wrong', async () => {
  const close = { plain: { milliseconds: [5] }, other: { milliseconds: [4.9] } };
  assert.is((await tuned(close, 'plain'))?.best, 'plain');
  const broken = {
    plain: { milliseconds: [5] },
    own: { milliseconds: [1], error: 1 },
    slow: { milliseconds: [9] },
  };
  assert.is((await tuned(broken, 'own'))?.best, 'plain');
});

test('what the adapter refuses or does not support is passed over', async () => {
  const played = {
    plain: { milliseconds: [5] },
    refused: { milliseconds: [1], refused: true },
    absent: { milliseconds: [1], unsupported: true },
  };
  const result = await tuned(played, 'plain');
  assert.is(result?.best, 'plain');
  assert.equal(result?.times, [
    { variant: 'plain', milliseconds: 5 },
    { variant: 'refused', milliseconds: null, fault: 'too many registers' },
  ]);
});

test('what is far behind drops out after its first time', async () => {
  const runs: string[] = [];
  const played = {
    plain: { milliseconds: [50] },
    one: { milliseconds: [2] },
    two: { milliseconds: [2.2] },
  };
  await tuned(played, 'one', Number.POSITIVE_INFINITY, runs);
  assert.is(runs.filter((variant) => variant === 'plain').length, 1);
  assert.ok(runs.filter((variant) => variant === 'two').length > 3);
});

test('short launches are timed several in a row, after the first has told how many', async () => {
  const runs: string[] = [];
  const played = { plain: { milliseconds: [0.05] }, tiny: { milliseconds: [0.001, 0.02, 0.01] } };
  const result = await tuned(played, 'plain', Number.POSITIVE_INFINITY, runs);
  assert.equal(runs.slice(0, 4), ['plain', 'plain x 20', 'tiny', 'tiny x 64']);
  assert.ok(runs.slice(4).every((run) => run.includes(' x ')));
  assert.is(result?.best, 'tiny');
  const { milliseconds } = result!.times[1];
  assert.ok(Math.abs(milliseconds! - 0.01) < 1e-9, `${milliseconds}, not that of the first launch alone`);
});

test('a first time that is slow, as on a GPU that wakes up, puts no candidate out of the race', async () => {
  const played = { own: { milliseconds: [6, 3] }, other: { milliseconds: [2.95] } };
  assert.is((await tuned(played, 'own'))?.best, 'own');
});

test('all candidates are timed by one clock', async () => {
  const still = { plain: { milliseconds: [0] }, other: { milliseconds: [5] } };
  const runs: string[] = [];
  const times = (await tuned(still, 'plain', Number.POSITIVE_INFINITY, runs))!.times;
  assert.equal(runs, ['plain'], 'after a clock that stands still, that of the process');
  assert.ok(
    times.every(({ milliseconds }) => milliseconds! < 5),
    JSON.stringify(times),
  );
  const setBack = { plain: { milliseconds: [5] }, other: { milliseconds: [4, -1e6, 3] } };
  assert.equal((await tuned(setBack, 'plain'))?.times[1], { variant: 'other', milliseconds: 3 });
  const setBackFirst = { plain: { milliseconds: [5] }, other: { milliseconds: [-1e6, 1] } };
  assert.is((await tuned(setBackFirst, 'plain'))?.best, 'other');
  const never = { plain: { milliseconds: [5] }, other: { milliseconds: [-1] } };
  const result = await tuned(never, 'plain');
  assert.is(result?.best, 'plain');
  assert.equal(result?.times[1], {
    ...{ variant: 'other', milliseconds: null, fault: "the adapter's clock stood still" },
  });
});

test('without time nothing is measured and nothing is said', async () => {
  const runs: string[] = [];
  const played = { plain: { milliseconds: [5] }, other: { milliseconds: [1] } };
  assert.is(await tuned(played, 'plain', performance.now() - 1, runs), null);
  assert.equal(runs, []);
});

test('a class is the kernel and its shape; sizes are rounded to powers of two', () => {
  const kernel = doubling(
    { plain: { milliseconds: [1] }, no: { milliseconds: [1], unsupported: true } },
    'plain',
  );
  const launch = { kernel, attributes: { n: 3 }, operands: [FLOAT, null, FLOAT] };
  assert.is(tuningKey(launch), 'doubling n 3');
  const { tuning: _tuning, ...fixed } = kernel.shader;
  assert.is(tuningKey({ ...launch, kernel: { ...kernel, shader: fixed } }), null);
  assert.equal(candidates(kernel, {}, TRAITS), ['plain']);
  assert.equal([0, 1, 3, 31, 32, 33, 100, 25088].map(sizeClass), [1, 1, 4, 32, 32, 32, 128, 32768]);
  assert.is(disagreement([Float32Array.of(1, 2)], [Float32Array.of(1, 2)]), null);
});

test('launches with float16 operands are classes of their own', () => {
  const kernel = doubling({ plain: { milliseconds: [1] } }, 'plain');
  const key = (...operands: ({ readonly dtype: DType } | null)[]) =>
    tuningKey({ kernel, attributes: { n: 3 }, operands });
  assert.is(key(HALF, null, HALF), 'doubling n 3 float16');
  assert.is(key(HALF, HALF, HALF), 'doubling n 3 float16', 'what may be absent does not count');
  assert.is(key(HALF, null, FLOAT), 'doubling n 3 float16 x');
  assert.is(key(FLOAT, HALF, HALF), 'doubling n 3 float16 y');
  assert.is(key(FLOAT, HALF, FLOAT), 'doubling n 3');
  assert.ok(isHalfKey('doubling n 3 float16') && isHalfKey('doubling n 3 float16 x'));
  assert.ok(!isHalfKey('doubling n 3') && !isHalfKey('float16s n 3') && !isHalfKey(''));
});

test.run();
