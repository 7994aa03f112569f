/**
 * The tuner: which of the variants of a kernel that can do the same work is the fastest on this adapter?
 *
 * A candidate's time counts only after its result has agreed with that of the plainest variant, on random operands. The
 * variant that the kernel would choose by itself is one of the candidates, and stays unless another is clearly faster.
 * Candidates take turns, so that a busy machine slows all of them, and those that are far behind drop out.
 *
 * A mixed-precision program (program/half.ts) keeps some operands as float16: half as many bytes to load, other shaders. Its
 * launches are classes of their own, measured and checked with float16 where the program has it.
 */
import { minOf } from '../extremes.js';
import { AttuneError } from '../errors.js';
import type { Backend, Prepared } from './backend.js';
import { type DType, hostArray, type TypedArray } from './dtype.js';
import { floatsOfHalves } from './half-floats.js';
import { type AdapterTraits, type Attributes, type BufferRange, canRun, type Kernel } from './kernel.js';

/** A launch without its memory: what is to be tuned. */
export interface LaunchShape {
  readonly kernel: Kernel;
  readonly attributes: Attributes;
  /** In the order of the kernel's bindings; null: the operand is absent. */
  readonly operands: readonly ({ readonly dtype: DType; readonly length: number } | null)[];
}

/** What a class depends on: a launch, whether or not it has memory. */
type Classified = Pick<LaunchShape, 'kernel' | 'attributes'> & {
  readonly operands: readonly ({ readonly dtype: DType } | null)[];
};

/** The times of one candidate; all are milliseconds of one launch. */
export interface CandidateTime {
  readonly variant: string;
  /** The least of its samples; null where its result was wrong, or the adapter refused it. */
  readonly milliseconds: number | null;
  /** Why there is no time. */
  readonly fault?: string;
}

export interface TunedLaunch {
  /** What the kernel chooses by itself. */
  readonly standard: string;
  readonly best: string;
  readonly times: readonly CandidateTime[];
}

/** Rounds in which every candidate still in the race runs once. */
const ROUNDS = 8;
/** A candidate this many times slower than the best drops out; after its first time, when a GPU may still be waking up ... */
const HOPELESS_AT_FIRST = 4;
/** ... and after more of them. */
const HOPELESS = 1.5;
/** Less is noise: the standard variant stays. */
const CLEAR_GAIN = 0.04;
/**
 * Rounding of sums in another order, and of Winograd's transforms, relative to the root of the mean square. A tap or a row
 * that is missing or out of place shows with a hundred times as much.
 */
const AGREEMENT = 5e-4;
/** Distance of float16 neighbours, relative to either: two results may be rounded away from each other. */
const HALF_ROUNDING = 2 ** -10;
const HALF_NAN = 0x7e00;
/** Behind the names of classes whose operands are stored as float16. */
const HALF_WORD = ' float16';
/**
 * A launch is repeated in a run until that takes about this long: by an adapter's own clock, whose ticks may be as long as a
 * small launch, and by that of this process, which counts the way to the adapter and back as well.
 */
const SAMPLE_MS = { adapter: 1, process: 10 } as const;
const MOST_REPEATS = 64;

/** A size, rounded to a power of two. */
export function sizeClass(size: number): number {
  return 2 ** Math.round(Math.log2(Math.max(1, size)));
}

/** The name of a launch's class in `Choices`; null where nothing is to be tuned. */
export function tuningKey({ kernel, attributes, operands }: Classified): string | null {
  const { tuning } = kernel.shader;
  if (tuning === undefined) return null;
  return `${kernel.name} ${tuning.shapeClass(attributes)}${halfSuffix(kernel, operands)}`;
}

/**
 * ' float16' where all operands that a mixed-precision program may keep so are; where only some are, with their names
 * behind it. One that may be absent does not count, as in `shapeClass`.
 */
function halfSuffix({ bindings }: Kernel, operands: Classified['operands']): string {
  const able = bindings.flatMap(({ half, optional }, i) => (half && !optional ? [i] : []));
  const halves = able.filter((i) => operands[i]?.dtype === 'float16');
  if (halves.length === 0) return '';
  const names = halves.length < able.length ? halves.map((i) => ` ${bindings[i].name}`) : [];
  return `${HALF_WORD}${names.join('')}`;
}

/** Whether a name in `Choices` is that of a class with operands stored as float16. */
export function isHalfKey(key: string): boolean {
  return `${key} `.includes(`${HALF_WORD} `);
}

/** The variants that can do this work on this adapter, and may be the fastest. */
export function candidates({ shader }: Kernel, attributes: Attributes, traits: AdapterTraits): string[] {
  return (shader.tuning?.candidates(attributes, traits) ?? []).filter((name) =>
    canRun(shader.variants[name], attributes, traits),
  );
}

/**
 * Measures the variants of one launch. Null when the time was over before the standard variant and another had one each.
 * Throws AttuneError 'device' when the device is lost, or the operands do not fit.
 * @param deadline by `performance.now()`; what has begun then is waited for
 */
export async function tuneLaunch(
  backend: Backend,
  launch: LaunchShape,
  deadline: number,
): Promise<TunedLaunch | null> {
  const { kernel, attributes } = launch;
  const { traits } = backend;
  const { tuning } = kernel.shader;
  if (traits === null || tuning === undefined) {
    throw new AttuneError({ code: 'internal', what: `kernel ${kernel.name} has nothing to tune` });
  }
  if (performance.now() >= deadline) return null;
  const standard = kernel.shader.choose(attributes, traits);
  const others = candidates(kernel, attributes, traits).filter((name) => name !== standard);
  const bench = new Workbench(backend, launch);
  try {
    const plain = tuning.plain(attributes);
    const expected = await bench.results(plain);
    const racers: Racer[] = [];
    const faults: CandidateTime[] = [];
    for (const variant of [standard, ...others]) {
      if (performance.now() >= deadline) break;
      const entry = await enter(bench, variant, expected);
      if ('fault' in entry) faults.push(entry);
      else racers.push(entry);
    }
    const all = racers.length + faults.length > others.length;
    if (racers.length < 2 && !all) return null;
    await race(bench, racers, deadline);
    return { standard, best: winner(racers, standard), times: [...racers.map(timeOf), ...faults] };
  } finally {
    bench.close();
  }
}

interface Racer {
  readonly variant: string;
  best: number;
  inRace: boolean;
}

/** A candidate that agrees, with its first time; else what is wrong with it. */
async function enter(
  bench: Workbench,
  variant: string,
  expected: readonly TypedArray[],
): Promise<Racer | (CandidateTime & { readonly fault: string })> {
  try {
    const found = await bench.results(variant);
    const fault = disagreement(found, expected, bench.roundings);
    if (fault !== null) return { variant, milliseconds: null, fault };
    return { variant, best: await bench.milliseconds(variant), inRace: true };
  } catch (error) {
    if (bench.backend.lost || !(error instanceof AttuneError) || error.code !== 'device') throw error;
    return { variant, milliseconds: null, fault: error.what };
  }
}

async function race(bench: Workbench, racers: Racer[], deadline: number): Promise<void> {
  for (let round = 1; round < ROUNDS; round++) {
    const best = minOf(racers.map((racer) => racer.best));
    const hopeless = round === 1 ? HOPELESS_AT_FIRST : HOPELESS;
    for (const racer of racers) {
      // Its clock was set back the first time, which tells nothing of it.
      const isUntimed = round === 1 && racer.best === Number.POSITIVE_INFINITY;
      racer.inRace &&= isUntimed || racer.best <= hopeless * best;
    }
    const running = racers.filter(({ inRace }) => inRace);
    if (running.length < 2) return;
    for (const racer of running) {
      if (performance.now() >= deadline) return;
      racer.best = Math.min(racer.best, await bench.milliseconds(racer.variant));
    }
  }
}

function winner(racers: readonly Racer[], standard: string): string {
  const own = racers.find(({ variant }) => variant === standard);
  const first = racers.reduce<Racer | undefined>((a, b) => (a === undefined || b.best < a.best ? b : a), own);
  const gains = own === undefined || (first !== undefined && first.best <= (1 - CLEAR_GAIN) * own.best);
  return first === undefined || !gains ? standard : first.variant;
}

function timeOf({ variant, best }: Racer): CandidateTime {
  if (Number.isFinite(best)) return { variant, milliseconds: best };
  return { variant, milliseconds: null, fault: "the adapter's clock stood still" };
}

/**
 * How two results differ by more than rounding; null when they agree.
 * @param roundings of each result, the distance of neighbouring numbers of its type, relative to them; absent: negligible
 */
export function disagreement(
  found: readonly TypedArray[],
  expected: readonly TypedArray[],
  roundings: readonly number[] = [],
): string | null {
  for (const [i, values] of expected.entries()) {
    let squares = 0;
    for (let j = 0; j < values.length; j++) squares += values[j] * values[j];
    const limit = AGREEMENT * Math.sqrt(squares / Math.max(1, values.length));
    const rounding = roundings[i] ?? 0;
    for (let j = 0; j < values.length; j++) {
      // A NaN agrees with nothing.
      if (!(Math.abs(found[i][j] - values[j]) <= limit + rounding * Math.abs(values[j])))
        return `element ${j} is ${found[i][j]}, not ${values[j]}`;
    }
  }
  return null;
}

/** One launch on memory of its own, with any of its variants. */
class Workbench {
  readonly backend: Backend;
  private readonly launch: LaunchShape;
  private readonly operands: readonly (BufferRange | null)[];
  /** What a launch writes. */
  private readonly written: readonly BufferRange[];
  private readonly prepared = new Map<
    string,
    { readonly once: Prepared; repeated: Prepared | null; repeats: number }
  >();
  /** By which all candidates are timed; known after the first time. */
  private clock: keyof typeof SAMPLE_MS | null = null;

  constructor(backend: Backend, launch: LaunchShape) {
    this.backend = backend;
    this.launch = launch;
    this.operands = launch.operands.map((operand, i) => {
      if (operand === null) return null;
      const { dtype, length } = operand;
      const buffer = backend.allocate(Math.max(4, length * backend.elementBytes(dtype)));
      const range = { buffer, dtype, offset: 0, length };
      if (!this.isWritten(i)) backend.write(range, randomValues(dtype, length, i));
      return range;
    });
    this.written = this.operands.filter(
      (range, i): range is BufferRange => range !== null && this.isWritten(i),
    );
  }

  /** The roundings of what a launch writes, as `disagreement` takes them. */
  get roundings(): readonly number[] {
    return this.written.map(({ dtype }) => (dtype === 'float16' ? HALF_ROUNDING : 0));
  }

  /** What the variant writes, as numbers. NaNs stand there before, so that a number which it leaves out shows. */
  async results(variant: string): Promise<TypedArray[]> {
    for (const range of this.written) {
      const nothing = range.dtype === 'float16' ? HALF_NAN : Number.NaN;
      this.backend.write(range, hostArray(range.dtype, range.length).fill(nothing) as TypedArray);
    }
    const { once } = await this.ready(variant);
    const results = await this.backend.execute(once, [], [], this.written);
    return results.map((values) => (values instanceof Uint16Array ? floatsOfHalves(values) : values));
  }

  /** One launch, or the mean of several short ones; infinite when the adapter's clock has failed this once. */
  async milliseconds(variant: string): Promise<number> {
    const ready = await this.ready(variant);
    if (ready.repeated === null) {
      const first = await this.timeOf(ready.once, 1);
      const wanted = Math.ceil(SAMPLE_MS[this.clock ?? 'process'] / Math.max(1e-3, first));
      if (wanted <= 1) return first;
      ready.repeats = Math.min(MOST_REPEATS, wanted);
      ready.repeated = await this.backend.prepare(new Array(ready.repeats).fill(this.command(variant)));
    }
    return this.timeOf(ready.repeated, ready.repeats);
  }

  /** The time of each of so many launches, by the adapter's clock where it has one that works. */
  private async timeOf(prepared: Prepared, launches: number): Promise<number> {
    if (this.clock !== 'process') {
      let nanoseconds = 0;
      await this.backend.execute(prepared, [], [], [], (times) => {
        for (const launch of times.launches ?? []) nanoseconds += launch.nanoseconds;
      });
      if (nanoseconds > 0) {
        this.clock = 'adapter';
        return nanoseconds / 1e6 / launches;
      }
      // WebGPU lets drivers set their clock back.
      if (this.clock === 'adapter') return Number.POSITIVE_INFINITY;
      this.clock = 'process';
    }
    const started = performance.now();
    await this.backend.execute(prepared, [], [], []);
    return (performance.now() - started) / launches;
  }

  close(): void {
    for (const { once, repeated } of this.prepared.values()) {
      this.backend.discard(once);
      if (repeated !== null) this.backend.discard(repeated);
    }
    for (const range of this.operands) if (range !== null) this.backend.release(range.buffer);
  }

  private async ready(variant: string) {
    let ready = this.prepared.get(variant);
    if (ready === undefined) {
      ready = { once: await this.backend.prepare([this.command(variant)]), repeated: null, repeats: 0 };
      this.prepared.set(variant, ready);
    }
    return ready;
  }

  private command(variant: string) {
    const { kernel, attributes } = this.launch;
    const chosen: Kernel = { ...kernel, shader: { ...kernel.shader, choose: () => variant } };
    return { kernel: chosen, attributes, operands: this.operands };
  }

  private isWritten(operand: number): boolean {
    return this.launch.kernel.bindings[operand].access !== 'read';
  }
}

/** Numbers in (-1, 1) for float32 and float16, else zeros: the same every time. */
function randomValues(dtype: DType, length: number, seed: number): TypedArray {
  const values = hostArray(dtype, length);
  if (dtype !== 'float32' && dtype !== 'float16') return values;
  let state = 0x9e3779b9 ^ (seed + 1);
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    values[i] = dtype === 'float32' ? state / 2 ** 31 : randomHalf(state >>> 16);
  }
  return values;
}

/** The bits of a number of 1/16 to 1 and either sign, from 16 random bits. */
function randomHalf(random: number): number {
  const exponent = 11 + ((random >> 10) & 3);
  return (random & 0x8000) | (exponent << 10) | (random & 1023);
}
