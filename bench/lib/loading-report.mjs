/** What loading.mjs prints. */
import { machineLines } from './report.mjs';

export function loadingReport({ machine, rows }) {
  return [
    '# Loading ResNet50',
    '',
    ...machineLines(machine),
    '',
    `Weights of ${(rows[0].size / 1e6).toFixed(1)} MB, random, from a file to a network on the host. Each format gives the same`,
    'weights, bit by bit. Memory is the most that was resident, less what was resident before the network was made, whose',
    'own arrays are part of it; as a share of the weights.',
    '',
    '| format | seconds | of a processor | memory |',
    '|---|---|---|---|',
    ...rows.map(
      ({ format, seconds, processorSeconds, bytes, size }) =>
        `| ${format} | ${seconds.toFixed(2)} | ${processorSeconds.toFixed(2)} | ${(bytes / size).toFixed(2)} |`,
    ),
    '',
  ].join('\n');
}
