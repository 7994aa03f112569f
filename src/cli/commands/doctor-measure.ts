/** What the measurements of `attune doctor --measure` say about the choice of `--device auto`. */
import type { DeviceInfo, DeviceKind } from '../../device/backend.js';
import { MEASUREMENTS, type MeasurementName, type Measurements } from '../../finetune/measure.js';
import { table } from '../table.js';
import { oneLine } from '../../text.js';

export type MeasuredDevice = Pick<DeviceInfo, 'kind' | 'adapter'> & { readonly measured: Measurements };

/** A device by name. */
export interface DeviceName {
  readonly kind: DeviceKind;
  readonly adapter: string;
}

/** The `measurement` of `--json`. */
export interface Verdict {
  /** What `--device auto` takes. */
  readonly auto: DeviceName;
  /** What the devices were compared by: the most telling measurement that all have. Null where there is none. */
  readonly compared_by: MeasurementName | null;
  /** The fastest by that. */
  readonly fastest: DeviceName | null;
  /** Whether `auto` takes the fastest; null where nothing can be compared. */
  readonly agrees: boolean | null;
}

/** Heading of the table below, and what each column is called. */
export const SPEED_TITLE = 'Speed: GFLOP/s, and images/s of a small training step';

const TITLES: Readonly<Record<MeasurementName, string>> = {
  matmul_gflops: 'product',
  convolution_gflops: 'convolution',
  training_images_per_second: 'training',
};

/** @param auto the one of `devices` that `--device auto` takes */
export function judge(devices: readonly MeasuredDevice[], auto: DeviceName): Verdict {
  const taken = nameOf(auto);
  const by = MEASUREMENTS.findLast((name) => devices.every(({ measured }) => measured[name] !== null));
  if (by === undefined) return { auto: taken, compared_by: null, fastest: null, agrees: null };
  const speed = ({ measured }: MeasuredDevice) => measured[by] ?? 0;
  const fastest = nameOf(devices.reduce((best, device) => (speed(device) > speed(best) ? device : best)));
  const agrees = fastest.kind === taken.kind && fastest.adapter === taken.adapter;
  return { auto: taken, compared_by: by, fastest, agrees };
}

/** The lines of the table, a device in each. */
export function measurementTable(devices: readonly MeasuredDevice[]): string[] {
  const columns = MEASUREMENTS.map((name) => ({ title: TITLES[name], align: 'right' as const }));
  const rows = devices.map(({ adapter, kind, measured }) => [
    `${adapter} (${kind})`,
    ...MEASUREMENTS.map((name) => speedText(measured[name])),
  ]);
  return table([{ title: '' }, ...columns], rows);
}

/** The verdict as a sentence. */
export function verdictText({ auto, compared_by, fastest, agrees }: Verdict): string {
  const taken = `--device auto takes ${oneLine(auto.adapter)} (${auto.kind})`;
  if (compared_by === null || fastest === null) {
    return `${taken}. The devices cannot be compared: there was no time for one measurement on all of them.`;
  }
  const by = `in the ${TITLES[compared_by]}`;
  if (agrees === true) return `${taken}, which is the fastest ${by}.`;
  const flags =
    fastest.kind === 'cpu' ? '--device cpu' : `--device webgpu --adapter "${oneLine(fastest.adapter)}"`;
  return `${taken}, but ${oneLine(fastest.adapter)} (${fastest.kind}) is faster ${by}: ${flags} takes it.`;
}

function nameOf({ kind, adapter }: DeviceName): DeviceName {
  return { kind, adapter };
}

function speedText(value: number | null): string {
  if (value === null) return 'no time';
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
