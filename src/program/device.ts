/**
 * The device that users hold: a backend, its slot pool and its plans.
 *
 * `run` is the only way to compute. It records its body, finds the plan of that program (or makes it),
 * executes it, and resolves with host values. See plan.ts for how memory is laid out, signature.ts for when two
 * recordings are one program.
 */
import type { Backend, Choices, Counters, DeviceInfo, ExecutionTimes, Prepared } from '../device/backend.js';
import { conformed, type DType, type Precision, type TypedArray } from '../device/dtype.js';
import type { BufferRange, Command, DeviceBuffer } from '../device/kernel.js';
import type { LaunchShape } from '../device/tuner.js';
import { AttuneError } from '../errors.js';
import { ShortList } from '../short-list.js';
import type { FusionRule } from './fuse.js';
import { makePlan, type Plan } from './plan.js';
import { SlotPool } from './pool.js';
import { type Recording, record } from './recording.js';
import { Signature } from './signature.js';
import { State } from './state.js';
import { type Storage, stateStorage } from './storage.js';
import { JobQueue } from './job-queue.js';
import { collectValues, fillPlaces, type HostValues, placesOf, type Value } from './value.js';

/** Plans kept for programs that come again: train, its remainder, evaluation, the optimiser, ... */
const PLANS_KEPT = 8;
/** Runs queued on the backend at once: enough to keep it busy, few enough to be stopped soon. */
const RUNS_IN_FLIGHT = 2;

interface ReadyPlan {
  readonly signature: Signature;
  readonly plan: Plan;
  readonly buffers: readonly DeviceBuffer[];
  readonly prepared: Prepared;
}

/** An execution that has begun; its results arrive later. */
interface Started {
  readonly reading: Promise<TypedArray[]>;
}

/** A state that is read along with every result; `check` says what its content means. */
interface Watch {
  readonly state: State;
  check(values: TypedArray): AttuneError | null;
}

/** What the last program needed; printed by `--profile` and pinned by tests. */
export interface ProgramStatistics {
  readonly launches: number;
  /** Bytes of its slots, and the least any plan could do with; of both, what its kernels hand on within a launch. */
  readonly peakBytes: number;
  readonly lowerBoundBytes: number;
}

/** A run that an observer is told of. */
export interface ObservedRun extends ExecutionTimes {
  readonly program: ProgramStatistics;
}

const NO_PROGRAM: ProgramStatistics = { launches: 0, peakBytes: 0, lowerBoundBytes: 0 };

/** A device in use: runs programs, owns states; made by `open`. */
export class Device {
  readonly backend: Backend;
  private readonly rules: readonly FusionRule[];
  private readonly pool: SlotPool;
  /** Least recently used first. */
  private readonly plans = new ShortList<ReadyPlan>();
  private readonly watches: Watch[] = [];
  private readonly inFlight = new ShortList<Promise<unknown>>();
  private readonly queue = new JobQueue();
  /** Memory of the states that exist: a state of another device, or one that was released, is not among them. */
  private readonly stateBuffers = new Set<DeviceBuffer>();
  private emptyProgram: Promise<Prepared> | null = null;
  private observer: ((run: ObservedRun) => void) | null = null;
  private closed = false;
  /** How many plans were made since the device was opened. */
  plansMade = 0;
  lastProgram: ProgramStatistics = NO_PROGRAM;

  /** Whether programs keep activations and their gradients as float16; see half.ts. */
  readonly mixed: boolean;
  /** Names of the kernels whose results are computed a second time rather than kept; see recompute.ts. */
  private readonly recomputed: ReadonlySet<string>;

  constructor(
    backend: Backend,
    rules: readonly FusionRule[],
    mixed = false,
    recomputed: ReadonlySet<string> = new Set(),
  ) {
    this.backend = backend;
    this.rules = rules;
    this.mixed = mixed;
    this.recomputed = recomputed;
    this.pool = new SlotPool(backend);
  }

  get info(): DeviceInfo {
    return this.backend.info;
  }

  /** The variants that are taken in place of the kernels' own choice. */
  get choices(): Choices {
    return this.backend.choices;
  }

  get precision(): Precision {
    return this.backend.precision;
  }

  /** Whether the device is gone for good, and not by `close`: every use of it fails; another one may be opened. */
  get lost(): boolean {
    return this.backend.lost;
  }

  get counters(): Readonly<Counters> {
    return this.backend.counters;
  }

  /**
   * Runs a program. `body` is synchronous and only records; every tensor that it returns (alone, in an array
   * or in a plain object) arrives as a number (rank 0) or a typed array. Host data given to the body must not
   * change before the promise resolves.
   *
   * Throws AttuneError 'program' for misuse, 'device' when the device fails, 'numeric' when a watched state
   * reports a value that is not finite.
   */
  async run<T>(body: () => T): Promise<HostValues<T>> {
    const { started, places } = this.begin(body);
    const { reading } = await started;
    return fillPlaces(places, await reading) as HostValues<T>;
  }

  /**
   * Records a body and queues its run. Who waits for the run must not hold what was recorded: a recording that is alive
   * whenever young objects are cleared away makes V8 take such objects for long-lived, and put new ones among the old.
   */
  private begin(body: () => unknown): { started: Promise<Started>; places: unknown } {
    this.assertOpen();
    const { recording, result } = record(body);
    const values = collectValues(result);
    for (const value of values) {
      if (value.recording !== recording) value.assertUsable(recording);
    }
    for (const launch of recording.launches) for (const storage of launch.operands) this.assertOwn(storage);
    for (const value of values) this.assertOwn(value.storage);
    const started = this.queue.enqueue(() => this.start(recording, values));
    return { started, places: placesOf(result, values) };
  }

  /**
   * Makes the plan of a program without running it: memory is reserved and shaders are compiled. Throws
   * AttuneError 'device' when it does not fit, as `run` would.
   */
  async prepare(body: () => unknown): Promise<ProgramStatistics> {
    this.assertOpen();
    const { recording, result } = record(body);
    const returned = collectValues(result).map((value) => value.storage);
    return this.queue.enqueue(async () => statisticsOf(await this.findPlan(recording, returned)));
  }

  /**
   * The launches that a program would run, fused, in the device's precision and all, without its memory: for the tuner.
   * @internal
   */
  launchesOf(body: () => unknown): LaunchShape[] {
    this.assertOpen();
    const { recording, result } = record(body);
    const returned = collectValues(result).map((value) => value.storage);
    const { rules, backend, mixed, recomputed } = this;
    return makePlan(recording, returned, rules, backend, mixed, recomputed).launches.map(
      ({ kernel, attributes, operands }) => ({
        kernel,
        attributes,
        operands: operands.map((storage) => storage && { dtype: storage.dtype, length: storage.length }),
      }),
    );
  }

  /** New memory of this shape, zero or `data`, that programs can read and `assign` to. */
  createState(shape: readonly number[], dtype: DType = 'float32', data?: TypedArray): State {
    this.assertOpen();
    const length = shape.reduce((product, size) => product * size, 1);
    const buffer = this.backend.allocate(Math.max(4, length * this.backend.elementBytes(dtype)));
    this.stateBuffers.add(buffer);
    const state = new State(this, stateStorage({ buffer, dtype, offset: 0, length }), shape);
    if (data !== undefined) this.write(state, data);
    return state;
  }

  /**
   * Gives a state's memory back after the programs that were started before; only for states made by
   * `createState`. Does nothing once the device is closed, which gives all memory back.
   */
  releaseState(state: State): void {
    if (this.closed) return;
    const { buffer } = state.storage.range;
    this.assertOwn(state.storage);
    this.stateBuffers.delete(buffer);
    this.queue.inOrder(() => {
      // A plan refers to the buffers of its states: those that do are dropped with it.
      for (const ready of this.plans) {
        const refers = ready.prepared.commands.some((command) =>
          command.operands.some((range) => range?.buffer === buffer),
        );
        if (refers) this.dropPlan(ready);
      }
      this.backend.release(buffer);
    });
  }

  /** Overwrites a state with a copy of host data, after the programs that were started before. */
  write(state: State, data: TypedArray): void {
    this.assertOpen();
    if (data.length !== state.length) {
      throw new AttuneError({
        code: 'shape',
        what: `${data.length} values were written to a state of ${state.length}`,
        where: `shape [${state.shape.join(', ')}]`,
        hint: 'give one value for each of its elements',
      });
    }
    this.assertOwn(state.storage);
    const values = conformed(data, state.dtype, this.precision);
    // The backend copies what it is given at once; a write that waits needs a copy of its own.
    const kept = !this.queue.isIdle && values === data ? values.slice() : values;
    this.queue.inOrder(() => this.backend.write(state.storage.range, kept));
  }

  /** A state's content, after the programs that were started before. */
  async read(state: State): Promise<TypedArray> {
    this.assertOpen();
    this.assertOwn(state.storage);
    const { reading } = await this.queue.enqueue(async () => {
      this.emptyProgram ??= this.backend.prepare([]);
      return this.submit(await this.emptyProgram, NO_PROGRAM, [], [], [state.storage.range]);
    });
    const [values] = await reading;
    return values;
  }

  /** Reads `state` with the results of every program from now on; `check` may answer with an error to throw. */
  watch(state: State, check: (values: TypedArray) => AttuneError | null): () => void {
    const watch = { state, check };
    this.watches.push(watch);
    return () => {
      const at = this.watches.indexOf(watch);
      if (at >= 0) this.watches.splice(at, 1);
    };
  }

  /**
   * Tells `observer` of every run that begins from now on, when it has ended; null: of none. Launches are timed one by
   * one meanwhile, which is slower and changes no result.
   */
  observe(observer: ((run: ObservedRun) => void) | null): void {
    this.observer = observer;
  }

  /** Waits for all programs, then frees everything. The device cannot be used afterwards. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.queue.settled();
    await Promise.allSettled(this.inFlight);
    for (const ready of this.plans) this.dropPlan(ready);
    await this.backend.close();
  }

  private async start(recording: Recording, values: readonly Value[]): Promise<Started> {
    const returned = values.map((value) => value.storage);
    const ready = await this.findPlan(recording, returned);
    this.lastProgram = statisticsOf(ready);
    const uploads = recording.inputs
      .filter((input) => ready.plan.placeOf.has(input.ordinal))
      .map((input) => ({
        range: rangeOf(input, ready.plan, ready.buffers, this.backend),
        data: conformed(input.data, input.dtype, this.precision),
      }));
    const results = returned.map((storage) => rangeOf(storage, ready.plan, ready.buffers, this.backend));
    return this.submit(ready.prepared, this.lastProgram, uploads, recording.stepValues, results);
  }

  /** Waits for a place, then queues one execution; the caller need not wait for its results. */
  private async submit(
    prepared: Prepared,
    program: ProgramStatistics,
    uploads: Parameters<Backend['execute']>[1],
    stepValues: Parameters<Backend['execute']>[2],
    results: readonly BufferRange[],
  ): Promise<Started> {
    while (this.inFlight.size >= RUNS_IN_FLIGHT) await Promise.race(this.inFlight).catch(() => undefined);
    const watches = results.length === 0 ? [] : [...this.watches];
    const ranges = [...results, ...watches.map((watch) => watch.state.storage.range)];
    const { observer } = this;
    const onTimes =
      observer === null ? undefined : (times: ExecutionTimes) => observer({ ...times, program });
    const reading = this.backend.execute(prepared, uploads, stepValues, ranges, onTimes).then((hosts) => {
      watches.forEach((watch, i) => {
        const error = watch.check(hosts[results.length + i]);
        if (error !== null) throw error;
      });
      return hosts.slice(0, results.length);
    });
    const settled = reading.then(
      () => undefined,
      () => undefined,
    );
    this.inFlight.add(settled);
    void settled.then(() => this.inFlight.delete(settled));
    return { reading };
  }

  private async findPlan(recording: Recording, returned: readonly Storage[]): Promise<ReadyPlan> {
    const known = [...this.plans].find(({ signature }) => signature.matches(recording, returned));
    const ready = known ?? (await this.makeReady(recording, returned));
    this.plans.delete(ready);
    this.plans.add(ready);
    for (const oldest of this.plans) {
      if (this.plans.size <= PLANS_KEPT) break;
      this.dropPlan(oldest);
    }
    return ready;
  }

  private async makeReady(recording: Recording, returned: readonly Storage[]): Promise<ReadyPlan> {
    const { rules, backend, mixed, recomputed } = this;
    const signature = new Signature(recording, returned);
    const plan = makePlan(recording, returned, rules, backend, mixed, recomputed);
    try {
      return await this.reserve(signature, plan);
    } catch (error) {
      // The plans that are kept only save time: a program that fits alone does not fail for the memory that they hold.
      const mayLackMemory = error instanceof AttuneError && error.code === 'device' && !this.lost;
      if (!mayLackMemory || this.plans.size === 0) throw error;
      await this.dropPlans();
      return this.reserve(signature, plan);
    }
  }

  /** A plan with its memory and its commands. */
  private async reserve(signature: Signature, plan: Plan): Promise<ReadyPlan> {
    const { backend } = this;
    const buffers = this.pool.acquire(plan.slotBytes);
    try {
      const commands: Command[] = plan.launches.map(({ kernel, attributes, operands }) => ({
        kernel,
        attributes,
        operands: operands.map((storage) =>
          storage === null ? null : rangeOf(storage, plan, buffers, backend),
        ),
      }));
      const ready = { signature, plan, buffers, prepared: await backend.prepare(commands) };
      this.plansMade++;
      return ready;
    } catch (error) {
      this.pool.release(buffers);
      throw error;
    }
  }

  /** Lets all plans go, and waits until their memory is free. */
  private async dropPlans(): Promise<void> {
    await Promise.allSettled(this.inFlight);
    for (const ready of this.plans) this.dropPlan(ready);
    this.emptyProgram ??= this.backend.prepare([]);
    await this.backend.execute(await this.emptyProgram, [], [], []);
  }

  private dropPlan(ready: ReadyPlan): void {
    this.plans.delete(ready);
    this.backend.discard(ready.prepared);
    this.pool.release(ready.buffers);
  }

  private assertOwn(storage: Storage | null): void {
    if (storage?.kind !== 'state' || this.stateBuffers.has(storage.range.buffer)) return;
    throw new AttuneError({
      code: 'program',
      what: `a state of ${storage.length} elements was used after its release, or on a device that it is not on`,
      hint: 'create it on the device that runs the program, and release it last',
    });
  }

  private assertOpen(): void {
    if (this.closed) {
      throw new AttuneError({ code: 'program', what: 'the device was used after it had been closed' });
    }
  }
}

function statisticsOf({ plan, prepared: { workspaceBytes = 0 } }: ReadyPlan): ProgramStatistics {
  return {
    launches: plan.launches.length,
    peakBytes: plan.peakBytes + workspaceBytes,
    lowerBoundBytes: plan.lowerBoundBytes + workspaceBytes,
  };
}

function rangeOf(
  storage: Storage,
  { placeOf }: Plan,
  buffers: readonly DeviceBuffer[],
  backend: Backend,
): BufferRange {
  if (storage.kind === 'state') return storage.range;
  const { dtype, length, ordinal } = storage;
  const place = placeOf.get(ordinal);
  if (place === undefined) {
    throw new AttuneError({ code: 'internal', what: `value ${ordinal} of a program has no slot` });
  }
  const offset = place.offset / backend.elementBytes(dtype);
  return { buffer: buffers[place.slot], dtype, offset, length };
}
