/** `attune bench`: how fast this machine's devices are, beside what they could do at most. */
import { resolve } from 'node:path';
import type { DeviceInfo } from '../../device/backend.js';
import { chooseDevice, matchesAdapter } from '../../device/choose.js';
import { openCpu } from '../../device/cpu/node.js';
import { probeAdapters } from '../../device/webgpu/node.js';
import { ANYWHERE, commandLine } from '../../runs/command-line.js';
import { BENCH_PARTS } from '../../finetune/bench/results.js';
import { assertReplaceable, replaceFile } from '../../formats/index.js';
import { benchCharts } from '../../report/bench.js';
import { duration } from '../../text.js';
import { benchDevices } from '../bench-devices.js';
import { type BenchFlags, BENCH_SECONDS } from '../bench-flags.js';
import type { Output } from '../output.js';
import { readVersion } from '../version.js';
import { deviceText, markdownReport, printTables, type BenchDocument } from './bench-text.js';

export async function benchCommand(flags: BenchFlags, json: boolean, output: Output): Promise<number> {
  const { only, seconds = BENCH_SECONDS, markdown, svg } = flags;
  for (const path of [markdown, svg]) if (path !== undefined) await assertReplaceable(resolve(path));
  const devices = await devicesOf(flags);
  const parts = only === undefined ? BENCH_PARTS : [only];
  output.note(
    `Measuring ${devices.map((device) => deviceText(device)).join(', ')}, for ${duration(seconds)} in all.`,
  );
  const results = await benchDevices({
    devices,
    parts,
    seconds,
    onPart: (device, part) => output.note(`${deviceText(device)}: ${part}`),
  });
  const document: BenchDocument = {
    version: readVersion(),
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    date: new Date().toISOString(),
    command: commandOf(flags),
    seconds,
    parts,
    devices: devices.map(({ kind, adapter, software }) => ({ kind, adapter, software })),
    ...results,
  };
  if (markdown !== undefined) await writeText(markdown, markdownReport(document));
  if (svg !== undefined) await writeText(svg, await benchCharts(results.rows));
  if (json) output.json(document);
  else printTables(document, output);
  return 0;
}

/** Those that are there, the processor first; software adapters as well. Throws AttuneError 'device' where none is meant. */
async function devicesOf({ device = 'auto', adapter: wanted }: BenchFlags): Promise<DeviceInfo[]> {
  const adapters = device === 'cpu' ? [] : await probeAdapters(true);
  if (wanted !== undefined) {
    chooseDevice({ device: 'webgpu', adapter: wanted }, adapters); // says what there is, where nothing has the name
    return adapters.filter(({ adapter }) => matchesAdapter(wanted, adapter));
  }
  if (device === 'webgpu') {
    if (adapters.length === 0) chooseDevice({ device }, adapters); // says what to install
    return adapters;
  }
  return [await cpuInfo(), ...adapters];
}

async function cpuInfo(): Promise<DeviceInfo> {
  const backend = await openCpu();
  const { info } = backend;
  await backend.close();
  return info;
}

function commandOf({ only, seconds, device, adapter }: BenchFlags): string {
  const flags = Object.entries({ only, seconds, device, adapter }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, String(value)],
  );
  return commandLine(['bench', ...flags], ANYWHERE);
}

function writeText(path: string, text: string): Promise<void> {
  return replaceFile(resolve(path), [new TextEncoder().encode(text)]);
}
