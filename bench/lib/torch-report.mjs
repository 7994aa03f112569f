/** What torch.mjs prints. */
import { spread } from './compare.mjs';
import { machineLines } from './report.mjs';

const MIB = 2 ** 20;

export function torchReport({ machine, comparisons, failures, unmeasured }) {
  return [
    '# attune beside PyTorch',
    '',
    ...machineLines(machine),
    '',
    'Images per second, from images on the host to results on the host, the update made in training: median (least to',
    'most). A ratio counts only where both gave the same result. Memory: the most bytes of buffers, and of tensors in',
    'PyTorch, on a GPU.',
    '',
    '| what | batch | engine | on | images/s | memory |',
    '|---|---|---|---|---|---|',
    ...comparisons.flatMap(({ name, batch, engines }) =>
      engines.map((engine) => `| ${[name, batch, ...engineCells(engine, batch)].join(' | ')} |`),
    ),
    ...failures.map(
      ({ name, batch, peer, reason }) => `| ${name} | ${batch} | ${peer} | ${reason} | no time | |`,
    ),
    ...unmeasured.map(({ name, peer, reason }) => `| ${name} | | ${peer} | ${reason} | not measured | |`),
    '',
    "| what | batch | on | beside | attune's speed by its |",
    '|---|---|---|---|---|',
    ...comparisons.map(
      ({ name, batch, engines: [ours, peer], ratio }) =>
        `| ${name} | ${batch} | ${ours.setting} | ${peer.name} | ${ratio.toFixed(2)} |`,
    ),
    '',
    ...(unmeasured.length > 0
      ? [
          'What was not measured, `node bench/torch.mjs` measures on a machine with such a GPU; `bench/bundle` packs it',
          'for one without npm or network.',
          '',
        ]
      : []),
  ].join('\n');
}

function engineCells({ name, setting, rounds, peakBytes }, batch) {
  const { median, min, max } = spread(rounds.map((milliseconds) => (1000 * batch) / milliseconds));
  const memory = peakBytes > 0 ? `${(peakBytes / MIB).toFixed(0)} MiB` : '';
  return [name, setting, `${median.toFixed(1)} (${min.toFixed(1)} to ${max.toFixed(1)})`, memory];
}
