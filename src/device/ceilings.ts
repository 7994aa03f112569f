/**
 * What a device can do at most, measured: multiply-adds on numbers in registers, and copies of memory that no cache
 * holds. Speeds of kernels are told as shares of these. CPU workers have both kernels beside those of the operations.
 */
import { maxOf } from '../extremes.js';
import type { Backend, LaunchTime } from './backend.js';
import { hostArray } from './dtype.js';
import { flatGrid } from './grid.js';
import type { Command, Kernel } from './kernel.js';
import { withRanges } from './self-test.js';
import { simdEntry } from './simd-entry.js';

/** Measured ceilings of one device; the best of some runs, in float32. */
export interface Ceilings {
  /** 10^9 operations per second; a multiply-add is two. */
  readonly gflops: number;
  /** 10^9 bytes per second, what is read and what is written. */
  readonly gigabytesPerSecond: number;
}

const WORKGROUP = 256;

interface MultiplyAddAttributes {
  /** Invocations on a GPU. */
  readonly count: number;
  /** Vectors of four numbers in each: 2, 4 or 8. The fewer there are, the more may wait for each other. */
  readonly chains: number;
  readonly rounds: number;
}

/** Steps of a round: a loop that compilers unroll. */
export const STEPS = 32;

/** out[i] = the sum of 1 ... 4 chains after x = scale x + shift, STEPS * rounds times. See the shader. */
export const multiplyAddKernel: Kernel<MultiplyAddAttributes> = {
  name: 'ceilingMultiplyAdd',
  bindings: [
    { name: 'operands', access: 'read' },
    { name: 'out', access: 'write' },
  ],
  shader: {
    variants: Object.fromEntries(
      [2, 4, 8].map((chains) => [
        `chains${chains}`,
        {
          file: 'device/ceiling-multiply-add.wgsl',
          libraries: ['grid.wgsl'],
          constants: { WORKGROUP, CHAINS: chains, STEPS },
          grid: ({ count }: MultiplyAddAttributes) => flatGrid(count, WORKGROUP),
        },
      ]),
    ),
    choose: ({ chains }) => `chains${chains}`,
    words: ({ count, rounds }) => [count, rounds],
  },
  cpu: {
    units: ({ count }) => count,
    run({ attributes: { chains, rounds }, operands: [[scale, shift], out], begin, end }) {
      for (let i = begin; i < end; i++) {
        let sum = 0;
        for (let number = 1; number <= 4 * chains; number++) {
          let x = number;
          for (let step = 0; step < STEPS * rounds; step++) x = Math.fround(x * scale + shift);
          sum += x;
        }
        out[i] = sum;
      }
    },
  },
  simd: simdEntry('multiplyAdds', {
    suits: ({ chains }) => chains === 8,
    arguments: ({ rounds }, [operands, out], begin, end) => ({
      operands,
      out,
      begin,
      end,
      steps: STEPS * rounds,
    }),
  }),
};

/** Floats of a unit of a copy on the CPU: 64 KiB. */
const COPY_BLOCK = 16_384;

/** out = x, `count` floats, a multiple of COPY_BLOCK. */
export const copyKernel: Kernel<{ readonly count: number }> = {
  name: 'ceilingCopy',
  bindings: [
    { name: 'x', access: 'read' },
    { name: 'out', access: 'write' },
  ],
  shader: {
    variants: {
      vec4: {
        file: 'device/ceiling-copy.wgsl',
        libraries: ['grid.wgsl'],
        constants: { WORKGROUP },
        grid: ({ count }) => flatGrid(count / 4, WORKGROUP),
      },
    },
    choose: () => 'vec4',
    words: ({ count }) => [count / 4],
  },
  cpu: {
    units: ({ count }) => count / COPY_BLOCK,
    run({ operands: [x, out], begin, end }) {
      out.set(x.subarray(begin * COPY_BLOCK, end * COPY_BLOCK), begin * COPY_BLOCK);
    },
  },
  simd: simdEntry('copyBlocks', {
    arguments: (_, [x, out], begin, end) => ({ x, out, begin, end, bytes: COPY_BLOCK * 4 }),
  }),
};

export const ceilingKernels = { ceilingMultiplyAdd: multiplyAddKernel, ceilingCopy: copyKernel };

/** Below 1, so that the numbers stay near shift / (1 - scale) = 1 however often: no infinities, no denormals. */
const OPERANDS = [0.875, 0.125];
/** Invocations on a GPU, which keep the largest one busy; units on the CPU. */
const INVOCATIONS = { gpu: 2 ** 18, software: 2 ** 12, cpu: 2 ** 8 };
/** Bytes of each array of the copy: more than the caches of a large GPU, and of a processor. */
const COPY_BYTES = { gpu: 2 ** 28, processor: 2 ** 26 };
/** A run is made longer until it takes as much. */
const LEAST_MS = 20;

/**
 * Measures the ceilings. Takes `seconds`, and the time of the first runs on top, which compile. Throws AttuneError
 * 'device' when the device fails.
 */
export async function measureCeilings(backend: Backend, seconds: number): Promise<Ceilings> {
  const end = performance.now() + 1000 * seconds;
  const { kind, software } = backend.info;
  const processor = kind === 'cpu' || software;
  const count = INVOCATIONS[kind === 'cpu' ? 'cpu' : software ? 'software' : 'gpu'];
  const bytes = Math.min(COPY_BYTES[processor ? 'processor' : 'gpu'], backend.maxBindingBytes);
  const chains = kind === 'cpu' ? [8] : [2, 4, 8];
  const middle = performance.now() + 500 * seconds;
  const gflops = maxOf(
    await inTurn(chains, (each, i) =>
      multiplyAdds(backend, { count, chains: each, end: shareOf(middle, chains.length - i) }),
    ),
  );
  const floats = Math.floor(bytes / 4 / COPY_BLOCK) * COPY_BLOCK;
  return { gflops, gigabytesPerSecond: await copies(backend, floats, end) };
}

function shareOf(end: number, pieces: number): number {
  const now = performance.now();
  return now + (end - now) / pieces;
}

async function inTurn<A, B>(items: readonly A[], work: (item: A, index: number) => Promise<B>): Promise<B[]> {
  const results: B[] = [];
  for (const [i, item] of items.entries()) results.push(await work(item, i));
  return results;
}

async function multiplyAdds(
  backend: Backend,
  { count, chains, end }: { count: number; chains: number; end: number },
): Promise<number> {
  return withRanges(backend, [OPERANDS.length, count], async ([operands, out]) => {
    const values = hostArray('float32', OPERANDS.length, backend.precision);
    values.set(OPERANDS);
    backend.write(operands, values);
    const commandOf = (rounds: number): Command => ({
      kernel: multiplyAddKernel,
      attributes: { count, chains, rounds },
      operands: [operands, out],
    });
    let rounds = 1;
    let nanoseconds = await leastTime(backend, commandOf(rounds), 0);
    // Long enough that the launch itself counts for nothing.
    while (nanoseconds < LEAST_MS * 1e6 && performance.now() < end) {
      rounds = Math.ceil(rounds * Math.min(16, Math.max(2, (1.2 * LEAST_MS * 1e6) / nanoseconds)));
      nanoseconds = await leastTime(backend, commandOf(rounds), 0);
    }
    nanoseconds = Math.min(nanoseconds, await leastTime(backend, commandOf(rounds), end));
    return (2 * 4 * chains * STEPS * rounds * count) / nanoseconds;
  });
}

async function copies(backend: Backend, floats: number, end: number): Promise<number> {
  return withRanges(backend, [floats, floats], async ([x, out]) => {
    const command: Command = { kernel: copyKernel, attributes: { count: floats }, operands: [x, out] };
    return (2 * 4 * floats) / (await leastTime(backend, command, end));
  });
}

/** The least time of a launch, in nanoseconds: after a first run, two, and more until `end`. */
async function leastTime(backend: Backend, command: Command, end: number): Promise<number> {
  const prepared = await backend.prepare([command]);
  try {
    let least = Number.POSITIVE_INFINITY;
    for (let run = 0; run < 3 || performance.now() < end; run++) {
      const started = performance.now();
      const launches: LaunchTime[] = [];
      await backend.execute(prepared, [], [], [], (times) => {
        for (const launch of times.launches ?? []) launches.push(launch);
      });
      const elapsed = 1e6 * (performance.now() - started);
      // Without a clock of the device's own, or by one that stands still: that of this thread.
      const own = launches[0]?.nanoseconds ?? 0;
      const nanoseconds = own > 0 ? own : elapsed;
      if (run > 0) least = Math.min(least, nanoseconds);
    }
    return least;
  } finally {
    backend.discard(prepared);
  }
}
