/**
 * How fast the devices of this machine are, one after another so that none slows another down, each in a child process
 * that is ended when its time is over: a software adapter may need longer for one shader than all the rest together.
 */
import type { DeviceInfo, DeviceKind } from '../device/backend.js';
import { open } from '../engine/open.js';
import { MEASUREMENTS, measureDevice, type Measurements } from '../finetune/measure.js';
import { outputOfChild } from './child.js';

/** Share of a device's time that is left for the run under way when the others are over; then the child is ended. */
const GRACE = 0.2;

/** Measures the devices, in their order, in this time for all; what one leaves of its share is the others'. */
export async function measureDevices(
  devices: readonly Pick<DeviceInfo, 'kind' | 'adapter'>[],
  milliseconds: number,
): Promise<Measurements[]> {
  const end = Date.now() + milliseconds;
  const measured: Measurements[] = [];
  for (const [index, { kind, adapter }] of devices.entries()) {
    const share = Math.max(1, (end - Date.now()) / (devices.length - index));
    const words = [kind, adapter, Date.now() + share * (1 - GRACE)];
    measured.push(parse(await outputOfChild(import.meta.url, 'printMeasurements', words, share)));
  }
  return measured;
}

/** What the child process does: prints a line for each measurement, as soon as it is known. */
export async function printMeasurements(kind: DeviceKind, adapter: string, deadline: number): Promise<void> {
  const device = await open(kind, kind === 'webgpu' ? { adapter } : {});
  await measureDevice(device, (deadline - Date.now()) / 1000, (name, value) =>
    process.stdout.write(`${JSON.stringify([name, value])}\n`),
  );
  process.stdout.write('', () => process.exit(0));
}

/** What is missing was not measured: the child was ended, or its device failed. */
function parse(output: string): Measurements {
  const known = new Map<string, number>(
    output.split('\n').flatMap((line) => {
      try {
        return line === '' ? [] : [JSON.parse(line) as [string, number]];
      } catch {
        return []; // cut off by the end of the child
      }
    }),
  );
  return Object.fromEntries(MEASUREMENTS.map((name) => [name, known.get(name) ?? null])) as Measurements;
}
