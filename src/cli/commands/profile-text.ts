/** A profile in lines for people. */
import { relative } from 'node:path';
import type { ProfileSummary } from '../../recipe/results.js';
import { facts, table } from '../table.js';
import { count, counted, oneLine, percent } from '../../text.js';

/** Kernels that have a line; the others share one. */
const MOST_KERNELS = 12;
const MIB = 2 ** 20;

/** What `--profile` prints behind the result. */
export function profileLines(profile: ProfileSummary): string[] {
  return [...facts(profileFacts(profile)), '', ...kernelTable(profile)];
}

function profileFacts(profile: ProfileSummary): [name: string, value: string][] {
  const { trace, steps, seconds, loader, memory } = profile;
  const mib = (bytes: number) => `${(bytes / MIB).toFixed(1)} MiB`;
  return [
    ['steps', `${count(steps)} in ${seconds.toFixed(1)} s, ${((1000 * seconds) / steps).toFixed(1)} ms each`],
    ['device computes', percent(profile.computing)],
    ['device waits for data', percent(profile.waiting_for_data)],
    ['device waits otherwise', percent(profile.waiting_otherwise)],
    ['loader busy', `${percent(loader.busy)} of ${counted(loader.threads, 'thread', 'threads')}`],
    [
      'memory of a step',
      `${mib(memory.peak_bytes)}, ${memory.ratio.toFixed(3)} times the least possible, ${mib(memory.lower_bound_bytes)}`,
    ],
    ['trace', `${oneLine(relative('.', trace))}, for ui.perfetto.dev or chrome://tracing`],
  ];
}

function kernelTable({ kernels, steps }: ProfileSummary): string[] {
  if (kernels.length === 0) {
    return ['This GPU has no clock for launches: which kernels take the time is not known.'];
  }
  const rest = kernels.slice(MOST_KERNELS);
  const sum = (of: 'launches' | 'milliseconds' | 'share') => rest.reduce((total, row) => total + row[of], 0);
  const others = {
    kernel: counted(rest.length, 'other kernel', 'other kernels'),
    launches: sum('launches'),
    milliseconds: sum('milliseconds'),
    share: sum('share'),
  };
  const rows = [...kernels.slice(0, MOST_KERNELS), ...(rest.length > 0 ? [others] : [])];
  return table(
    [
      { title: 'kernel' },
      { title: 'launches a step', align: 'right' },
      { title: 'ms a step', align: 'right' },
      { title: 'share', align: 'right' },
    ],
    rows.map(({ kernel, launches, milliseconds, share }) => [
      kernel,
      (launches / steps).toFixed(1),
      (milliseconds / steps).toFixed(2),
      percent(share),
    ]),
  );
}
