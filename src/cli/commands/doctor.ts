/** `attune doctor`: every device of this machine, put to the test, and what to install where something is missing. */
import { formatBytes } from '../../inputs/disk.js';
import type { DeviceInfo, DeviceKind } from '../../device/backend.js';
import { chooseDevice, type DeviceWish } from '../../device/choose.js';
import { openCpu } from '../../device/cpu/node.js';
import { selfTest } from '../../device/self-test.js';
import { dawnProblem, probeAdapters } from '../../device/webgpu/node.js';
import { AttuneError } from '../../errors.js';
import { testAdapter } from '../adapter-test.js';
import { measureDevices } from '../measure-devices.js';
import type { Output } from '../output.js';
import { facts } from '../table.js';
import { duration, oneLine, wrap } from '../../text.js';
import { advise, type DeviceReport } from './doctor-advice.js';
import {
  type DeviceName,
  judge,
  measurementTable,
  SPEED_TITLE,
  type Verdict,
  verdictText,
} from './doctor-measure.js';

/** Features of processors, then of GPUs. */
const RELEVANT_FEATURES = ['simd', 'relaxed-simd', 'shader-f16', 'subgroups', 'timestamp-query'];

interface Report {
  readonly ok: boolean;
  readonly node: string;
  readonly chosen: DefaultChoice;
  readonly devices: readonly DeviceReport[];
  readonly measurement: Verdict | null;
  readonly advice: readonly string[];
}

export interface DoctorOptions {
  /** The device that ATTUNE_DEVICE asks for. */
  readonly wish: DeviceWish['device'];
  /** For how many milliseconds to measure how fast the devices are, all together; 0: not at all. */
  readonly measureFor: number;
}

/** @returns 1 when a device that would be used fails */
export async function doctorCommand(
  { wish, measureFor }: DoctorOptions,
  json: boolean,
  output: Output,
): Promise<number> {
  output.note('Testing the devices; a GPU may take some seconds to compile.');
  const [problem, first, adapters, cpu] = await Promise.all([
    dawnProblem(),
    probeAdapters(),
    probeAdapters(true),
    reportCpu(),
  ]);
  const tested: DeviceReport[] = [cpu];
  for (const info of adapters) tested.push({ ...info, self_tests: await testAdapter(info.adapter) });
  const measured = measureFor > 0 ? await measureAll(tested, measureFor, output) : null;
  const devices = measured ?? tested;
  const chosen = chooseDefault(wish, first);
  const general = advise({ dawnProblem: problem, devices, platform: process.platform });
  const advice = chosen.refusal === null ? general : [chosen.refusal, ...general];
  // A software adapter is used only when it is named, so nothing depends on it.
  const relevant = devices.filter(({ software }) => !software);
  const report: Report = {
    ok: chosen.refusal === null && relevant.every(passedAll),
    node: process.versions.node,
    chosen,
    devices,
    measurement: measured && judge(measured, autoDevice(cpu, first)),
    advice,
  };
  if (json) output.json(toJson(report));
  else print(report, output);
  return report.ok ? 0 : 1;
}

function toJson({ ok, node, chosen, devices, measurement, advice }: Report): unknown {
  return { ok, node, default_device: chosen.kind, devices, ...(measurement && { measurement }), advice };
}

async function measureAll(devices: readonly DeviceReport[], milliseconds: number, output: Output) {
  output.note(`Measuring them, for ${duration(milliseconds / 1000)} at most.`);
  const measured = await measureDevices(devices, milliseconds);
  return devices.map((device, i) => ({ ...device, measured: measured[i] }));
}

/** What `--device auto` takes, whatever ATTUNE_DEVICE says. */
function autoDevice(cpu: DeviceInfo, adapters: readonly DeviceInfo[]): DeviceName {
  const choice = chooseDevice({ device: 'auto' }, adapters);
  return choice.kind === 'cpu' ? cpu : choice;
}

async function reportCpu(): Promise<DeviceReport> {
  const backend = await openCpu();
  try {
    return { ...backend.info, self_tests: await selfTest(backend) };
  } finally {
    await backend.close();
  }
}

interface DefaultChoice {
  /** Null when what ATTUNE_DEVICE asks for is not there. */
  readonly kind: DeviceKind | null;
  readonly adapter: string | null;
  readonly refusal: string | null;
}

/** What a command without --device would use. */
function chooseDefault(device: DeviceWish['device'], adapters: readonly DeviceInfo[]): DefaultChoice {
  try {
    const choice = chooseDevice({ device }, adapters);
    return { kind: choice.kind, adapter: choice.kind === 'cpu' ? null : choice.adapter, refusal: null };
  } catch (error) {
    if (!(error instanceof AttuneError)) throw error;
    return {
      kind: null,
      adapter: null,
      refusal: `ATTUNE_DEVICE=${device}: ${error.what}. ${error.hint ?? ''}`,
    };
  }
}

function passedAll({ self_tests }: DeviceReport): boolean {
  return self_tests.every(({ ok }) => ok);
}

function print({ node, chosen, devices, measurement, advice }: Report, output: Output): void {
  const { bold, good, bad } = output.paint;
  output.print(facts([['Node', `${node}, ${process.platform} ${process.arch}`]]));
  for (const device of devices) {
    const failed = device.self_tests.filter(({ ok }) => !ok).map(({ name }) => name);
    const total = device.self_tests.length;
    output.print(
      '',
      `${bold(oneLine(device.adapter))} (${device.kind}${device.software ? ', software' : ''})`,
    );
    output.print(
      `  self-tests  ${failed.length === 0 ? good(`${total} of ${total} passed`) : bad(`failed: ${failed.join(', ')}`)}`,
      `  memory      ${memoryText(device)}`,
      `  features    ${featuresText(device)}`,
    );
  }
  if (measurement !== null) {
    const measured = devices.flatMap(({ measured, ...device }) =>
      measured ? [{ ...device, measured }] : [],
    );
    output.print('', bold(SPEED_TITLE), measurementTable(measured));
    output.print(wrap(verdictText(measurement), output.columns));
  }
  const name =
    chosen.kind === null
      ? 'none'
      : `${chosen.kind}${chosen.adapter === null ? '' : `, ${oneLine(chosen.adapter)}`}`;
  output.print('', `${bold('Default device')}: ${name}`);
  if (advice.length > 0)
    output.print(
      '',
      bold('Advice'),
      advice.map((text) => listItem(text, output.columns)),
    );
}

function memoryText({ kind, limits }: DeviceReport): string {
  return kind === 'cpu'
    ? `up to ${formatBytes(limits['maxMemoryBytes'] ?? 0)}`
    : `up to ${formatBytes(limits['maxStorageBufferBindingSize'] ?? 0)} for one tensor`;
}

/** Those that change how fast attune computes; `--json` lists all. */
function featuresText({ features }: DeviceReport): string {
  return features.filter((name) => RELEVANT_FEATURES.includes(name)).join(', ') || 'none that matter';
}

function listItem(text: string, columns: number): string {
  return `- ${wrap(oneLine(text), columns - 2).replaceAll('\n', '\n  ')}`;
}
