/** What first-step.mjs prints, and what it demands. */
import { spread } from './compare.mjs';
import { machineLines } from './report.mjs';

/** The first step may take so many times as long as the last, the tenth. */
export const MOST = 2;

/**
 * The first step beside the last one, and beside the median of all but the first, which other work on the machine
 * changes less; by time and by processor time. `met` is judged by the time of the last.
 */
export function firstStepRatios(steps) {
  const [first, ...later] = steps;
  const ratios = (field) => ({
    toLast: first[field] / later.at(-1)[field],
    toMedian: first[field] / spread(later.map((step) => step[field])).median,
  });
  const time = ratios('milliseconds');
  return { time, processorTime: ratios('processorMilliseconds'), met: time.toLast <= MOST };
}

/** `before` and `warm`: what first-step-process.mjs found, in a process before and in the one that is judged. */
export function firstStepReport({ machine, model, batch, side, before, warm, ratios }) {
  const count = warm.steps.length;
  const { time, processorTime, met } = ratios;
  return [
    `# The first training step of ${model} where everything is warm`,
    '',
    ...machineLines(machine),
    '',
    `All layers, ${batch} images of ${side} pixels, on ${warm.adapter}. Two processes of ${count} steps each, one after the other: the`,
    `first fills the driver's cache of compiled shaders; classes of launches in the tuning cache: ${warm.tunedClasses}. As in a run, the`,
    'plan is made before the first step.',
    '',
    `| the first step beside | by time | by processor time | demanded | |`,
    '|---|---|---|---|---|',
    `| the last, number ${count} | ${time.toLast.toFixed(2)} times | ${processorTime.toLast.toFixed(2)} | at most ${MOST} | ${met ? 'met' : '**missed**'} |`,
    `| the median of steps 2 to ${count} | ${time.toMedian.toFixed(2)} times | ${processorTime.toMedian.toFixed(2)} | | |`,
    '',
    'Milliseconds (of processor time, of all threads):',
    '',
    '| | a process before | warm |',
    '|---|---|---|',
    `| opening the device | ${before.openMilliseconds.toFixed(0)} | ${warm.openMilliseconds.toFixed(0)} |`,
    `| making the plan | ${before.planMilliseconds.toFixed(0)} | ${warm.planMilliseconds.toFixed(0)} |`,
    ...warm.steps.map((step, i) => `| step ${i + 1} | ${stepCell(before.steps[i])} | ${stepCell(step)} |`),
    '',
  ].join('\n');
}

function stepCell({ milliseconds, processorMilliseconds }) {
  return `${milliseconds.toFixed(0)} (${processorMilliseconds.toFixed(0)})`;
}
