/** The numbers of a profile: who waited for whom, which kernels took the time, and how much memory a step takes. */
import { join } from 'node:path';
import type { LaunchTime } from '../../device/backend.js';
import type { ProgramStatistics } from '../../program/device.js';
import type { KernelShare, ProfileSummary } from '../options.js';
import { RUN_FILES } from '../run/run-folder.js';
import type { Recorded } from './profile.js';

/** A stretch of time in milliseconds. */
export interface Stretch {
  readonly begin: number;
  readonly end: number;
}

/** A launch on the clock of this thread, in milliseconds. */
export interface PlacedLaunch extends Stretch {
  readonly launch: LaunchTime;
}

/** The launches of each run on the clock of this thread; null for runs without times. */
export function placeLaunches({ runs }: Pick<Recorded, 'runs'>): (readonly PlacedLaunch[] | null)[] {
  const endOf = ({ begin, nanoseconds }: LaunchTime) => (begin + nanoseconds) / 1e6;
  // The clocks differ by the same at all times. An end is never known here before it has come, and at best at once.
  const lags = runs.flatMap(({ ended, launches }) => {
    const last = launches?.at(-1);
    return last === undefined ? [] : [ended - endOf(last)];
  });
  const offset = lags.reduce((least, lag) => Math.min(least, lag), Infinity);
  return runs.map(
    ({ launches }) =>
      launches?.map((launch) => ({
        launch,
        begin: launch.begin / 1e6 + offset,
        end: endOf(launch) + offset,
      })) ?? null,
  );
}

/**
 * When the device was busy: from the first launch of a run to its last; without times of launches, from when a run was
 * queued, or the one before it had ended, to when its end was known. A stretch for each, in order, none overlapping.
 */
export function busyStretches(recorded: Pick<Recorded, 'runs'>): Stretch[] {
  const placed = placeLaunches(recorded);
  let last = -Infinity;
  return recorded.runs.map(({ queued, ended }, i) => {
    const launches = placed[i];
    const begin = Math.max(last, launches === null ? queued : (launches[0]?.begin ?? last));
    last = Math.max(begin, launches === null ? ended : (launches.at(-1)?.end ?? begin));
    return { begin, end: last };
  });
}

/** What is left of `whole` without `parts`, which are in order. */
export function without({ begin, end }: Stretch, parts: readonly Stretch[]): Stretch[] {
  const rest: Stretch[] = [];
  let at = begin;
  for (const part of parts) {
    if (part.begin > at) rest.push({ begin: at, end: Math.min(part.begin, end) });
    at = Math.max(at, part.end);
    if (at >= end) return rest;
  }
  return [...rest, { begin: at, end }];
}

/** The part of a stretch that lies in another; one that ends before it begins where there is none. */
function within({ begin, end }: Stretch, whole: Stretch): Stretch {
  return { begin: Math.max(begin, whole.begin), end: Math.min(end, whole.end) };
}

export function lengthOf(stretches: readonly Stretch[]): number {
  return stretches.reduce((sum, { begin, end }) => sum + Math.max(0, end - begin), 0);
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
  const waiting = idle.flatMap((stretch) => waits.map((wait) => within(wait, stretch)));
  const share = (milliseconds: number) => (seconds > 0 ? milliseconds / 1000 / seconds : 0);
  const computing = share(counted.end - counted.begin - lengthOf(idle));
  const waitingForData = share(lengthOf(waiting));
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
      busy: share(lengthOf(loader.map((task) => within(task, counted)))) / Math.max(1, loaderThreads),
    },
    kernels: kernelShares(recorded, counted),
    memory: memoryOf(runs.map(({ program }) => program)),
  };
}

/** Where the device's time goes, the most expensive kernel first. */
function kernelShares(recorded: Recorded, counted: Stretch): KernelShare[] {
  const kernels = new Map<string, { launches: number; nanoseconds: number }>();
  let total = 0;
  for (const { launch, begin, end } of placeLaunches(recorded).flatMap((launches) => launches ?? [])) {
    if (begin < counted.begin || end > counted.end) continue;
    const kernel = kernels.get(launch.kernel) ?? { launches: 0, nanoseconds: 0 };
    kernel.launches++;
    kernel.nanoseconds += launch.nanoseconds;
    total += launch.nanoseconds;
    kernels.set(launch.kernel, kernel);
  }
  return [...kernels]
    .map(([kernel, { launches, nanoseconds }]) => ({
      kernel,
      launches,
      milliseconds: nanoseconds / 1e6,
      share: total === 0 ? 0 : nanoseconds / total,
    }))
    .sort((a, b) => b.milliseconds - a.milliseconds);
}

/** Of the program that takes the most. */
function memoryOf(programs: readonly ProgramStatistics[]): ProfileSummary['memory'] {
  const largest = programs.reduce((most, program) => (program.peakBytes > most.peakBytes ? program : most));
  const { peakBytes, lowerBoundBytes } = largest;
  return {
    peak_bytes: peakBytes,
    lower_bound_bytes: lowerBoundBytes,
    ratio: lowerBoundBytes === 0 ? 1 : peakBytes / lowerBoundBytes,
  };
}
