/** A benchmark's results as Markdown. */
import { spread } from './compare.mjs';
import { profileTable } from './profile.mjs';

const MIB = 2 ** 20;

export function inferenceReport({ machine, comparisons }) {
  const differences = ({ difference }) => `${difference.toExponential(1)} of the largest logit`;
  return [
    '# ResNet50 inference at 224, side by side',
    '',
    ...machineLines(machine),
    '',
    'Milliseconds of a whole batch from images on the host to logits on the host: median (least to most).',
    ...COLUMNS,
    '',
    ...sideBySide(comparisons, 'outputs differ by', differences),
    '',
  ].join('\n');
}

export function trainingReport({ machine, comparison }) {
  const [[ours, theirs]] = comparison.losses;
  const difference = Math.abs(ours - theirs) / theirs;
  return [
    '# A training step of ResNet50 at 224, side by side',
    '',
    ...machineLines(machine),
    '',
    'All layers, batch norm with the statistics of the batch, SGD with momentum 0.9. tfjs does not update running',
    'statistics, attune does.',
    '',
    'Milliseconds of a step from images on the host to the loss on the host and the update made: median (least to',
    'most).',
    ...COLUMNS,
    '',
    ...sideBySide([comparison], 'losses of step 1 differ by', () => difference.toExponential(1)),
    '',
    '| step | loss of attune | loss of tfjs |',
    '|---|---|---|',
    ...comparison.losses.map(([a, b], step) => `| ${step + 1} | ${a.toFixed(5)} | ${b.toFixed(5)} |`),
    '',
  ].join('\n');
}

/** When, with what, where and by which command something was measured. */
export function machineLines(machine) {
  const packages = Object.entries(machine.packages).map(([name, version]) => `${name} ${version}`);
  // What was measured before commands were noted has none.
  const by = machine.command === undefined ? '' : `; by \`${machine.command}\``;
  // Outside a checkout, as in the archive of bench/bundle, there is no commit.
  const attune = machine.commit === null ? `attune ${machine.version}` : `attune at ${machine.commit}`;
  return [
    `${machine.date}, ${attune}, Node ${machine.node}, ${packages.join(', ')}${by}.`,
    `${machine.processor}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.platform}; the load of the` +
      ` machine was ${machine.loadBefore.toFixed(1)} at the start.`,
  ];
}

/** What the columns of `sideBySide` mean. */
const COLUMNS = [
  'Processor time: of all threads of the engine, which other work on the machine changes less; it is the whole',
  'work of a CPU and of a software adapter, not of a GPU. First run: with compilation, unless the driver had the',
  'shaders cached. GPU memory: the most bytes of buffers at once, counted outside the engines.',
];

/** Tables of engines and of their ratios; the last column of the second is headed `agreement`. */
function sideBySide(comparisons, agreement, agreementOf) {
  return [
    '| engine | on | batch | time | per image | processor time | first run | GPU memory |',
    '|---|---|---|---|---|---|---|---|',
    ...comparisons.flatMap(({ batch, engines }) => engines.map((engine) => engineRow(engine, batch))),
    '',
    `| attune beside | on | batch | ratio of medians | ratios by round | of processor times | target | ${agreement} |`,
    '|---|---|---|---|---|---|---|---|',
    ...comparisons.map((comparison) => comparisonRow(comparison, agreementOf(comparison))),
    '',
    ...comparisons.filter(({ engines }) => engines[0].counters).map(countersLine),
    ...comparisons.filter(({ profile }) => profile).flatMap(profileSection),
  ];
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

function comparisonRow({ batch, engines, ratio, roundRatios, cpuRatio, target }, agreement) {
  const speedup = target.sense === 'speedup';
  const cells = [
    engines[1].name,
    engines[0].setting,
    batch,
    `${ratio.toFixed(2)} times ${speedup ? 'as fast' : 'the time'}`,
    roundsCell(roundRatios),
    cpuRatio.toFixed(2),
    `${speedup ? 'at least' : 'at most'} ${target.ratio}: ${target.met ? 'met' : 'missed'}`,
    agreement,
  ];
  return `| ${cells.join(' | ')} |`;
}

/** A few rounds one by one, many by their range. */
function roundsCell(ratios) {
  if (ratios.length <= 3) return ratios.map((ratio) => ratio.toFixed(2)).join(', ');
  const { min, max } = spread(ratios);
  return `${min.toFixed(2)} to ${max.toFixed(2)} in ${ratios.length}`;
}

function countersLine({ batch, engines: [{ name, counters }] }) {
  const { launches, submits, pipelines } = counters;
  const compiled = pipelines > 0 ? `, ${pipelines} pipelines in all` : '';
  return `- ${name}, batch ${batch}: ${launches} launches in ${submits} submits a run${compiled}.`;
}

function profileSection({ batch, engines: [{ name }], profile }) {
  return ['', `## Launches of ${name}, batch ${batch}`, '', ...profileTable(profile)];
}
