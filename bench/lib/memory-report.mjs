/** What memory.mjs prints, and what it demands. */
import { machineLines } from './report.mjs';

const MIB = 2 ** 20;
/** The step after which nothing may grow: the first makes plans, the next fill caches. */
const SETTLED = 3;
/** How much the process as a whole may grow after that: garbage of JavaScript comes and goes. */
const RESIDENT_GROWTH = 64 * MIB;

/** Throws unless the numbers of all steps after the third are those of the third. */
export function assertFlat(steps) {
  const settled = steps[SETTLED - 1];
  if (settled === undefined) return;
  for (const row of steps.slice(SETTLED)) {
    for (const field of ['liveBytes', 'peakBytes', 'launches', 'pipelines', 'plans']) {
      if (row[field] !== settled[field]) {
        throw new Error(
          `${field} was ${settled[field]} at step ${SETTLED}, ${row[field]} at step ${row.step}`,
        );
      }
    }
    const growth = row.residentBytes - settled.residentBytes;
    if (growth > RESIDENT_GROWTH) {
      throw new Error(
        `the process has grown by ${mib(growth)} MiB between steps ${SETTLED} and ${row.step}, more than ${mib(RESIDENT_GROWTH)}`,
      );
    }
  }
}

export function memoryReport({ machine, run: { kind, adapter, batch, memory, plan, steps } }) {
  return [
    `# Memory of training ResNet50 at 224, ${kind}`,
    '',
    ...machineLines(machine),
    '',
    `All layers, batch ${batch}, memory ${memory}, on ${adapter}. The plan of the gradients has ${plan.launches} launches and takes`,
    `${mib(plan.peakBytes)} MiB for what lives within a step; no order of its memory takes less than ${mib(plan.lowerBoundBytes)} MiB (${(plan.peakBytes / plan.lowerBoundBytes).toFixed(3)} times that).`,
    'Parameters, gradients, velocities and running statistics come on top.',
    '',
    'Live and peak: bytes of device memory, by the device. Process: resident memory of all of the process (with a',
    'software adapter and on the CPU, device memory is part of it). Launches and submits are of the step; pipelines',
    'and plans are those made so far.',
    '',
    '| step | seconds | loss | live | peak | process | launches | submits | pipelines | plans |',
    '|---|---|---|---|---|---|---|---|---|---|',
    ...steps.map(stepRow),
    '',
  ].join('\n');
}

/** A step's numbers as a row of the report's table. */
export function stepRow({ step, milliseconds, loss, liveBytes, peakBytes, residentBytes, ...counts }) {
  const { launches, submits, pipelines, plans } = counts;
  const cells = [
    step,
    (milliseconds / 1000).toFixed(1),
    loss.toFixed(4),
    ...[liveBytes, peakBytes, residentBytes].map((bytes) => `${mib(bytes)} MiB`),
    launches,
    submits,
    pipelines,
    plans,
  ];
  return `| ${cells.join(' | ')} |`;
}

function mib(bytes) {
  return (bytes / MIB).toFixed(0);
}
