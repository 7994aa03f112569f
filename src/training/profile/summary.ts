/** The numbers of a profile: who waited for whom, which kernels took the time, and how much memory a step takes. */
import { join } from 'node:path';
import type { LaunchTime } from '../../device/backend.js';
import type { ProgramStatistics } from '../../program/device.js';
import type { KernelShare, ProfileSummary } from '../../recipe/results.js';
import { RUN_FILES } from '../../runs/run-folder.js';
import type { Recorded } from './recorded.js';

/** A stretch of time in milliseconds. */
export interface Stretch {
  readonly begin: number;
  readonly end: number;
}

/**
 * What is to be added to the device's clock to have that of this thread, in milliseconds; 0 where no launch was timed.
 */
export function clockOffset({ runs }: Pick<Recorded, 'runs'>): number {
  // The clocks differ by the same at all times. An end is never known here before it has come, and at best at once.
  const least = runs.reduce((lag, { ended, launches }) => {
    const last = launches?.at(-1);
    return last === undefined ? lag : Math.min(lag, ended - (last.begin + last.nanoseconds) / 1e6);
  }, Infinity);
  return Number.isFinite(least) ? least : 0;
}

/** When a launch was computed by the clock of this thread. */
export function placeLaunch({ begin, nanoseconds }: LaunchTime, offset: number): Stretch {
  return { begin: begin / 1e6 + offset, end: (begin + nanoseconds) / 1e6 + offset };
}

/**
 * When the device was busy: from the first launch of a run to its last; without times of launches, from when a run was
 * queued, or the one before it had ended, to when its end was known. A stretch for each, in order, none overlapping.
 */
export function busyStretches({ runs }: Pick<Recorded, 'runs'>): Stretch[] {
  const offset = clockOffset({ runs });
  const placed = (launch: LaunchTime | undefined) => launch && placeLaunch(launch, offset);
  let last = -Infinity;
  return runs.map(({ queued, ended, launches }) => {
    const begin = Math.max(last, launches === null ? queued : (placed(launches[0])?.begin ?? last));
    last = Math.max(begin, launches === null ? ended : (placed(launches.at(-1))?.end ?? begin));
    return { begin, end: last };
  });
}

/** What is left of `whole` without `others`, which are in order. */
export function without({ begin, end }: Stretch, others: readonly Stretch[]): Stretch[] {
  const rest: Stretch[] = [];
  let at = begin;
  for (const other of others) {
    if (other.begin > at) rest.push({ begin: at, end: Math.min(other.begin, end) });
    at = Math.max(at, other.end);
    if (at >= end) return rest;
  }
  return [...rest, { begin: at, end }];
}

/** How much of a stretch lies in another. */
function shared({ begin, end }: Stretch, other: Stretch): number {
  return Math.max(0, Math.min(end, other.end) - Math.max(begin, other.begin));
}

function total<Item>(items: readonly Item[], lengthOf: (item: Item) => number): number {
  return items.reduce((sum, item) => sum + lengthOf(item), 0);
}

/** The steps that count: all but those that compile. */
export function countedStretch({ began, steps, warmUp }: Recorded): Stretch {
  return { begin: warmUp === 0 ? began : steps[warmUp - 1], end: steps[steps.length - 1] };
}

export function summarizeProfile(recorded: Recorded, folder: string): ProfileSummary {
  const { host, loader, loaderThreads, runs, steps, warmUp } = recorded;
  const counted = countedStretch(recorded);
  const seconds = (counted.end - counted.begin) / 1000;
  const busy = busyStretches(recorded);
  const idle = without(counted, busy);
  const waits = host.filter(({ name }) => name === 'wait for data');
  const share = (milliseconds: number) => (seconds > 0 ? milliseconds / 1000 / seconds : 0);
  const idleTime = total(idle, ({ begin, end }) => Math.max(0, end - begin));
  const computing = share(counted.end - counted.begin - idleTime);
  const waitingForData = share(total(idle, (stretch) => total(waits, (wait) => shared(wait, stretch))));
  return {
    trace: join(folder, RUN_FILES.trace),
    steps: steps.length - warmUp,
    seconds,
    device_times: runs.some(({ launches }) => launches !== null) ? 'launches' : 'runs',
    computing,
    waiting_for_data: waitingForData,
    waiting_otherwise: Math.max(0, 1 - computing - waitingForData),
    loader: {
      threads: loaderThreads,
      busy: share(total(loader, (work) => shared(work, counted))) / Math.max(1, loaderThreads),
    },
    kernels: kernelShares(recorded, counted),
    memory: memoryOf(runs.map(({ program }) => program)),
  };
}

/** Where the device's time goes, the most expensive kernel first. */
function kernelShares({ runs }: Recorded, counted: Stretch): KernelShare[] {
  const kernels = new Map<string, { launches: number; nanoseconds: number }>();
  const offset = clockOffset({ runs });
  let all = 0;
  for (const { launches } of runs) {
    for (const launch of launches ?? []) {
      const { begin, end } = placeLaunch(launch, offset);
      if (begin < counted.begin || end > counted.end) continue;
      const kernel = kernels.get(launch.kernel) ?? { launches: 0, nanoseconds: 0 };
      kernel.launches++;
      kernel.nanoseconds += launch.nanoseconds;
      all += launch.nanoseconds;
      kernels.set(launch.kernel, kernel);
    }
  }
  return [...kernels]
    .map(([kernel, { launches, nanoseconds }]) => ({
      kernel,
      launches,
      milliseconds: nanoseconds / 1e6,
      share: all === 0 ? 0 : nanoseconds / all,
    }))
    .sort((a, b) => b.milliseconds - a.milliseconds);
}

/** The memory of the program that takes the most. */
function memoryOf(programs: readonly ProgramStatistics[]): ProfileSummary['memory'] {
  const largest = programs.reduce((most, program) => (program.peakBytes > most.peakBytes ? program : most));
  const { peakBytes, lowerBoundBytes } = largest;
  return {
    peak_bytes: peakBytes,
    lower_bound_bytes: lowerBoundBytes,
    ratio: lowerBoundBytes === 0 ? 1 : peakBytes / lowerBoundBytes,
  };
}
