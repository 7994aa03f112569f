/** What cpu.mjs prints. */
import { spread } from './compare.mjs';
import { machineLines } from './report.mjs';

const MIB = 2 ** 20;
/** GFLOP/s of the matrix product on one core that each build must reach. */
const PEAK_TARGETS = { plain: 33, relaxed: 45 };
const SCALING_TARGET = 1.9;

/** `results`: the parts that were measured, by name. */
export function cpuReport({ machine, ...results }) {
  const { processor } = machine;
  return [
    '# The CPU device beside its peers',
    '',
    ...machineLines(machine),
    '',
    'Milliseconds are medians (least to most). Processor time is that of all threads of a process, which other work on',
    'the machine changes less. A ratio counts only where both gave the same result.',
    '',
    ...Object.entries(results).flatMap(([part, result]) => [...SECTIONS[part](result, processor), '']),
  ].join('\n');
}

const SECTIONS = {
  kernels: (builds, processor) => builds.flatMap((build) => buildSection(build, processor)),
  threads: scalingSection,
  resnet50: (comparisons) => comparisonSection('ResNet50 at 224', comparisons),
  mobilenet: (comparisons) =>
    comparisonSection('Rows of MobileNetV2, with a mean and a linear head', comparisons),
  jax: (comparisons) => comparisonSection('Beside jax-js, one thread each', comparisons),
  memory: memorySection,
};

function buildSection({ build, peak, networks }, processor) {
  const on = `${processor} (one core, ${build})`;
  const top = speed(peak, 'median');
  const target = PEAK_TARGETS[build];
  return [
    `## SIMD kernels on one core, ${build} build`,
    '',
    `A ${peak.name}: ${top.toFixed(1)} GFLOP/s (best ${speed(peak, 'best').toFixed(1)}), demanded ${target}:` +
      ` ${speed(peak, 'best') >= target ? 'met' : 'missed'}. Shares below are of it, medians of processor time.`,
    '',
    '| network and direction | on | GFLOP/s | share | ms |',
    '|---|---|---|---|---|',
    ...networks.map(({ name, total }) => kernelRow(`${name} | ${on}`, total, top)),
    '',
    ...networks.flatMap(({ name, rows }) => [
      `### ${name}, ${build}`,
      '',
      '| convolution | times | on | GFLOP/s | share | ms |',
      '|---|---|---|---|---|---|',
      ...rows.map((row) => kernelRow(`${row.name} | ${row.times} | ${on}`, row, top)),
      '',
    ]),
  ];
}

function kernelRow(name, row, top) {
  const gflops = speed(row, 'median');
  const { median, best, worst } = row;
  const range = worst === undefined ? `best ${best.toFixed(2)}` : `${best.toFixed(2)} to ${worst.toFixed(2)}`;
  const times = `${median.toFixed(2)} (${range})`;
  return `| ${name} | ${gflops.toFixed(1)} | ${((100 * gflops) / top).toFixed(0)} % | ${times} |`;
}

function speed({ flops, ...times }, statistic) {
  return flops / times[statistic] / 1e6;
}

function scalingSection(rows, processor) {
  return [
    '## Two threads beside one',
    '',
    `Demanded of the matrix product: ${SCALING_TARGET}. Two devices of one thread each share nothing and compute at once:`,
    'more than they do together no two threads can do here.',
    '',
    '| launch | on | one thread, ms | two threads, ms | times as fast | of the best rounds | two devices |',
    '|---|---|---|---|---|---|---|',
    ...rows.map(({ name, rounds, ratio, best, ceiling }) => {
      const cells = [0, 1].map((i) => timeCell(rounds.map((round) => round[i])));
      const ratios = [ratio, best, ceiling].map((times) => times.toFixed(2));
      return `| ${[name, processor, ...cells, ...ratios].join(' | ')} |`;
    }),
  ];
}

function comparisonSection(title, comparisons) {
  return [
    `## ${title}`,
    '',
    '| what | batch | attune on | ms | processor | peer | on | its ms | processor | ratio | of processor times | target |',
    '|---|---|---|---|---|---|---|---|---|---|---|---|',
    ...comparisons.map(comparisonRow),
  ];
}

function comparisonRow({ name, task, batch, engines: [ours, peer], ratio, cpuRatio, target }) {
  const speedup = target.sense === 'speedup';
  const cells = [
    name === task || task === 'operation' ? name : `${name}: ${task}`,
    batch,
    ours.setting,
    ...[timeCell(ours.rounds), spread(ours.cpuRounds).median.toFixed(1)],
    ...[peer.name, peer.setting],
    ...[timeCell(peer.rounds), spread(peer.cpuRounds).median.toFixed(1)],
    `${ratio.toFixed(2)} times ${speedup ? 'as fast' : 'the time'}`,
    cpuRatio.toFixed(2),
    `${speedup ? 'at least' : 'at most'} ${target.ratio}: ${target.met ? 'met' : 'missed'}`,
  ];
  return `| ${cells.join(' | ')} |`;
}

function memorySection(comparisons) {
  return [
    '## Memory of a training step of ResNet50 at 224',
    '',
    'The most resident memory of the process, less what there was before the network was made.',
    '',
    '| batch | on | attune | PyTorch | ratio | target |',
    '|---|---|---|---|---|---|',
    ...comparisons.map(({ batch, engines: [ours, peer] }) => {
      const ratio = ours.residentBytes / peer.residentBytes;
      const cells = [
        batch,
        ours.setting,
        ...[ours, peer].map(({ residentBytes }) => `${(residentBytes / MIB).toFixed(0)} MiB`),
        ratio.toFixed(2),
        `at most 1: ${ratio <= 1 ? 'met' : 'missed'}`,
      ];
      return `| ${cells.join(' | ')} |`;
    }),
  ];
}

function timeCell(times) {
  const { median, min, max } = spread(times);
  return `${median.toFixed(1)} (${min.toFixed(1)} to ${max.toFixed(1)})`;
}
