/** A benchmark's results as Markdown. */
import { spread } from './compare.mjs';
import { profileTable } from './profile.mjs';

const MIB = 2 ** 20;

export function inferenceReport({ machine, comparisons }) {
  const packages = Object.entries(machine.packages).map(([name, version]) => `${name} ${version}`);
  return [
    '# ResNet50 inference at 224, side by side',
    '',
    `${machine.date}, attune at ${machine.commit}, Node ${machine.node}, ${packages.join(', ')}.`,
    `${machine.processor}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.platform}; the load of the` +
      ` machine was ${machine.loadBefore.toFixed(1)} at the start.`,
    '',
    'Milliseconds of a whole batch from images on the host to logits on the host: median (least to most).',
    'Processor time: of all threads of the engine, which other work on the machine changes less; it is the whole',
    'work of a CPU and of a software adapter, not of a GPU. First run: with compilation, unless the driver had the',
    'shaders cached. GPU memory: the most bytes of buffers at once, counted outside the engines.',
    '',
    '| engine | on | batch | time | per image | processor time | first run | GPU memory |',
    '|---|---|---|---|---|---|---|---|',
    ...comparisons.flatMap(({ batch, engines }) => engines.map((engine) => engineRow(engine, batch))),
    '',
    '| attune beside | batch | ratio of medians | ratios by round | of processor times | target | outputs differ by |',
    '|---|---|---|---|---|---|---|',
    ...comparisons.map(comparisonRow),
    '',
    ...comparisons.filter(({ engines }) => engines[0].counters).map(countersLine),
    ...comparisons.filter(({ profile }) => profile).flatMap(profileSection),
    '',
  ].join('\n');
}

function engineRow({ name, setting, rounds, cpuRounds, firstMilliseconds, peakBytes }, batch) {
  const { median, min, max } = spread(rounds);
  const cells = [
    name,
    setting,
    batch,
    `${median.toFixed(0)} (${min.toFixed(0)} to ${max.toFixed(0)})`,
    (median / batch).toFixed(0),
    spread(cpuRounds).median.toFixed(0),
    firstMilliseconds.toFixed(0),
    peakBytes === undefined ? '' : `${(peakBytes / MIB).toFixed(0)} MiB`,
  ];
  return `| ${cells.join(' | ')} |`;
}

function comparisonRow({ batch, engines, ratio, roundRatios, cpuRatio, target, difference }) {
  const { min, max } = spread(roundRatios);
  const speedup = target.sense === 'speedup';
  const cells = [
    engines[1].name,
    batch,
    `${ratio.toFixed(2)} times ${speedup ? 'as fast' : 'the time'}`,
    `${min.toFixed(2)} to ${max.toFixed(2)} in ${roundRatios.length}`,
    cpuRatio.toFixed(2),
    `${speedup ? 'at least' : 'at most'} ${target.ratio}: ${target.met ? 'met' : 'missed'}`,
    `${difference.toExponential(1)} of the largest logit`,
  ];
  return `| ${cells.join(' | ')} |`;
}

function countersLine({ batch, engines: [{ name, counters }] }) {
  const { launches, submits, pipelines } = counters;
  const compiled = pipelines > 0 ? `, ${pipelines} pipelines in all` : '';
  return `- ${name}, batch ${batch}: ${launches} launches in ${submits} submits a run${compiled}.`;
}

function profileSection({ batch, engines: [{ name }], profile }) {
  return ['', `## Launches of ${name}, batch ${batch}`, '', ...profileTable(profile)];
}
