/** How long each launch takes on the GPU, by its own clock. Needs the feature timestamp-query. */
import type { LaunchTime } from '../backend.js';
import { caughtError, deviceError } from './faults.js';
import { BufferUsage, MAP_READ } from './flags.js';
import { type Context, encodeLaunch, type Launch } from './launches.js';

/** Launches timed in one submit. A query set holds at most 4,096 timestamps, two for each launch. */
const LAUNCHES_PER_SUBMIT = 256;

/** Runs the launches, a pass for each, and returns their times in the same order. */
export async function profileLaunches(context: Context, launches: readonly Launch[]): Promise<LaunchTime[]> {
  if (!context.device.features.has('timestamp-query')) {
    throw deviceError('this GPU has no timestamps', 'feature timestamp-query');
  }
  const times: LaunchTime[] = [];
  for (let begin = 0; begin < launches.length; begin += LAUNCHES_PER_SUBMIT) {
    times.push(...(await timePart(context, launches.slice(begin, begin + LAUNCHES_PER_SUBMIT))));
  }
  return times;
}

async function timePart(context: Context, launches: readonly Launch[]): Promise<LaunchTime[]> {
  const { device, faults, memory, counters } = context;
  const count = 2 * launches.length;
  const { result, caught } = faults.scoped(() => {
    const queries = device.createQuerySet({ type: 'timestamp', count });
    const resolved = memory.create(8 * count, BufferUsage.QUERY_RESOLVE | BufferUsage.COPY_SRC, 'timestamps');
    const staging = memory.takeStaging(8 * count);
    const encoder = device.createCommandEncoder();
    launches.forEach((launch, i) => {
      const pass = encoder.beginComputePass({
        timestampWrites: {
          querySet: queries,
          beginningOfPassWriteIndex: 2 * i,
          endOfPassWriteIndex: 2 * i + 1,
        },
      });
      encodeLaunch(pass, launch);
      pass.end();
    });
    encoder.resolveQuerySet(queries, 0, count, resolved, 0);
    encoder.copyBufferToBuffer(resolved, 0, staging, 0, 8 * count);
    device.queue.submit([encoder.finish()]);
    counters.submits++;
    counters.launches += launches.length;
    const mapped = faults.guard(staging.mapAsync(MAP_READ));
    mapped.catch(() => {});
    return { queries, resolved, staging, mapped };
  });
  const { queries, resolved, staging, mapped } = result;
  try {
    const error = await caught;
    if (error !== null) throw caughtError(error, 'profiling');
    await mapped;
    const stamps = new BigUint64Array(staging.getMappedRange().slice(0, 8 * count));
    return launches.map(({ command, variant }, i) => ({
      kernel: command.kernel.name,
      variant,
      attributes: command.attributes,
      nanoseconds: Number(stamps[2 * i + 1] - stamps[2 * i]),
    }));
  } finally {
    queries.destroy();
    memory.destroy(resolved);
    memory.destroy(staging);
  }
}
