/** When each launch of a run is computed, by the GPU's own clock. Needs the feature timestamp-query. */
import type { LaunchTime } from '../backend.js';
import { deviceError } from './faults.js';
import { BufferUsage, MAP_READ } from './flags.js';
import { type Context, encodeLaunch, type Launch } from './launches.js';

/** Launches timed by one query set. It holds at most 4,096 timestamps, two for each launch. */
const LAUNCHES_PER_SET = 2048;
const STAMP_BYTES = 8;

/** Whether the GPU can say when a pass begins and ends. */
export function hasTimestamps({ device }: Pick<Context, 'device'>): boolean {
  return device.features.has('timestamp-query');
}

/** Throws AttuneError 'device' where the GPU has no timestamps. */
export function requireTimestamps(context: Context): void {
  if (!hasTimestamps(context)) throw deviceError('this GPU has no timestamps', 'feature timestamp-query');
}

/** The timestamps of one run; to be made, used and read in this order, and closed in any case. */
export class Stopwatch {
  private readonly context: Context;
  private readonly launches: readonly Launch[];
  private readonly sets: readonly GPUQuerySet[];
  private readonly resolved: GPUBuffer;
  private readonly staging: GPUBuffer;
  private encoded = 0;
  private mapped: Promise<void> | null = null;

  constructor(context: Context, launches: readonly Launch[]) {
    const { device, memory } = context;
    const bytes = 2 * STAMP_BYTES * Math.max(1, launches.length);
    this.context = context;
    this.launches = launches;
    this.sets = Array.from({ length: Math.ceil(launches.length / LAUNCHES_PER_SET) }, (_, set) => {
      const count = Math.min(LAUNCHES_PER_SET, launches.length - set * LAUNCHES_PER_SET);
      return device.createQuerySet({ type: 'timestamp', count: 2 * count });
    });
    this.resolved = memory.create(bytes, BufferUsage.QUERY_RESOLVE | BufferUsage.COPY_SRC, 'timestamps');
    this.staging = memory.takeStaging(bytes);
  }

  /** Encodes the next launches, a pass for each. */
  encode(encoder: GPUCommandEncoder, launches: readonly Launch[]): void {
    for (const launch of launches) {
      const querySet = this.sets[Math.floor(this.encoded / LAUNCHES_PER_SET)];
      const first = 2 * (this.encoded++ % LAUNCHES_PER_SET);
      const pass = encoder.beginComputePass({
        timestampWrites: { querySet, beginningOfPassWriteIndex: first, endOfPassWriteIndex: first + 1 },
      });
      encodeLaunch(pass, launch);
      pass.end();
    }
  }

  /** Encodes the copies that bring the timestamps to the host, behind all launches. */
  collect(encoder: GPUCommandEncoder): void {
    this.sets.forEach((set, i) => {
      const offset = i * 2 * STAMP_BYTES * LAUNCHES_PER_SET;
      encoder.resolveQuerySet(set, 0, set.count, this.resolved, offset);
    });
    encoder.copyBufferToBuffer(this.resolved, 0, this.staging, 0, this.resolved.size);
  }

  /** Begins to map them. To be called after the submit. */
  map(): void {
    this.mapped = this.context.faults.guard(this.staging.mapAsync(MAP_READ));
    this.mapped.catch(() => {}); // thrown by `read`, unless something else fails first
  }

  async read(): Promise<LaunchTime[]> {
    await this.mapped;
    const stamps = new BigUint64Array(this.staging.getMappedRange().slice(0, this.resolved.size));
    return this.launches.map(({ command, variant }, i) => ({
      kernel: command.kernel.name,
      variant,
      attributes: command.attributes,
      begin: Number(stamps[2 * i]),
      nanoseconds: Number(stamps[2 * i + 1] - stamps[2 * i]),
    }));
  }

  close(): void {
    const { memory } = this.context;
    for (const set of this.sets) set.destroy();
    memory.destroy(this.resolved);
    memory.destroy(this.staging);
  }
}
