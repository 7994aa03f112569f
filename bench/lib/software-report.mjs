/** What software.mjs prints, and what it demands. */
import { spread } from './compare.mjs';
import { machineLines } from './report.mjs';

const MIB = 2 ** 20;

/**
 * A row for everything demanded: { what, on, batch, beside, measured, cpuRatio, demanded, met }; speeds by the
 * median.
 */
export function verdicts(comparisons) {
  return comparisons.flatMap(({ name, batch, engines: [ours, peer], ratio, cpuRatio, target, memory }) => {
    const row = { what: name, on: ours.setting, batch, beside: peer.name };
    const speed = {
      ...row,
      measured: `${ratio.toFixed(2)} times as fast`,
      cpuRatio,
      demanded: `at least ${target.ratio}`,
      met: target.met,
    };
    if (memory === undefined) return [speed];
    const share = ours.peakBytes / peer.peakBytes;
    const bytes = {
      ...row,
      what: `${name}: peak of GPU memory`,
      measured: `${share.toFixed(2)} of it`,
      demanded: `at most ${memory}`,
      met: share <= memory,
    };
    return [speed, bytes];
  });
}

export function softwareReport({ machine, comparisons, verdicts: rows }) {
  const software = comparisons.every(({ engines: [ours] }) => ours.setting.includes('(software'));
  return [
    `# On ${software ? 'a software adapter' : 'one GPU'}, side by side`,
    '',
    ...machineLines(machine),
    '',
    ...(software
      ? ['All on a software adapter, which a processor plays: the ratios say nothing about a GPU.']
      : []),
    'A ratio counts only where both gave the same result: outputs within 1e-3 of the largest, losses of the first',
    'step within 1e-3 and of the second within 1e-2.',
    '',
    '| what | on | batch | beside | measured | of processor times | demanded | |',
    '|---|---|---|---|---|---|---|---|',
    ...rows.map(
      ({ what, on, batch, beside, measured, cpuRatio, demanded, met }) =>
        `| ${what} | ${on} | ${batch} | ${beside} | ${measured} | ${cpuRatio?.toFixed(2) ?? ''} | ${demanded} | ${met ? 'met' : '**missed**'} |`,
    ),
    '',
    'Milliseconds from inputs on the host to results on the host, the update made in training; of the matrix product',
    'inputs lie on the device. Median (least to most). GPU memory: the most bytes of buffers at once, counted outside',
    'the engines.',
    '',
    '| what | batch | engine | on | time | processor time | first run | GPU memory |',
    '|---|---|---|---|---|---|---|---|',
    ...comparisons.flatMap(({ name, batch, engines }) =>
      engines.map((engine) => `| ${[name, batch, ...engineCells(engine)].join(' | ')} |`),
    ),
    '',
  ].join('\n');
}

function engineCells({ name, setting, rounds, cpuRounds, firstMilliseconds, peakBytes }) {
  const { median, min, max } = spread(rounds);
  return [
    name,
    setting,
    `${median.toFixed(0)} (${min.toFixed(0)} to ${max.toFixed(0)})`,
    spread(cpuRounds).median.toFixed(0),
    firstMilliseconds?.toFixed(0) ?? '',
    `${(peakBytes / MIB).toFixed(0)} MiB`,
  ];
}
