/** Comparisons (compare.mjs) as charts, drawn as `attune bench --svg` draws them. */
import { barChart, stacked } from '../../dist/report/charts/bars.js';
import { openDrawing, PAPER } from '../../dist/report/charts/drawing.js';
import { spread } from './compare.mjs';

const MIB = 2 ** 20;

/** The text of an SVG file: how many times as fast attune was, and the memory of both where it was counted. */
export async function comparisonCharts(comparisons) {
  const drawing = await openDrawing(PAPER);
  const speeds = barChart(drawing, comparisons.map(speedBar), {
    title: "The peer's time by attune's: medians, and the range over the rounds",
    format: (value) => value.toFixed(2),
    mark: { value: 1, label: 'as fast' },
  });
  const bars = comparisons.flatMap(memoryBars);
  const memory = barChart(drawing, bars, {
    title: 'Peak of device memory in MiB',
    format: (value) => value.toFixed(0),
  });
  return stacked(drawing, bars.length > 0 ? [speeds, memory] : [speeds]);
}

function speedBar({ batch, engines: [ours, peer], ...comparison }) {
  const ratios = ours.rounds.map((mine, round) => peer.rounds[round] / mine);
  const { min, max } = spread(ratios);
  return {
    label: labelOf(comparison, batch),
    series: `beside ${peer.name}, on ${ours.setting}`,
    value: spread(peer.rounds).median / spread(ours.rounds).median,
    range: [min, max],
  };
}

function memoryBars({ batch, engines, ...comparison }) {
  return engines
    .filter(({ peakBytes }) => peakBytes > 0)
    .map(({ name, setting, peakBytes }) => ({
      label: labelOf(comparison, batch),
      series: `${name}, on ${setting}`,
      value: peakBytes / MIB,
    }));
}

/** The name of what was compared, with the task where it does not say it. */
function labelOf({ name, task }, batch) {
  const what = name === task ? `ResNet50 ${task}` : name;
  return `${what}${task === 'operation' || what.includes(task) ? '' : `, ${task}`}, batch ${batch}`;
}
