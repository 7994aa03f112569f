/** The device of a run, opened only when everything else has been checked. */
import { listed } from '../text.js';
import type { Choices } from '../device/backend.js';
import { AttuneError } from '../errors.js';
import { commandLine } from './command-line.js';
import { isHalfKey } from '../device/tuner.js';
import { open } from '../engine/open.js';
import type { Device } from '../program/device.js';
import type { DeviceOptions, RunContext } from '../recipe/options.js';
import type { DeviceSummary } from '../recipe/results.js';
import type { Recipe } from '../recipe/recipe-schema.js';
import { tunedChoices } from './tuning-cache.js';

/** Images per batch when only the forward pass runs: large enough for a GPU, small enough for early feedback. */
const GPU_BATCH = 32;
const CPU_BATCH = 8;

/** Opens a device, a GPU with the variants that `attune tune` has found on it, unless others are given. */
export async function openDevice(
  { device = 'auto', adapter, threads, precision, memory, variants }: DeviceWish,
  { onEvent }: RunContext = {},
): Promise<Device> {
  const opened = await open(device, {
    choices: variants ?? tunedChoices((text) => onEvent?.({ type: 'note', text })),
    ...(precision !== undefined && { precision }),
    ...(memory !== undefined && { memory }),
    ...(typeof adapter === 'string' && { adapter }),
    ...(threads !== undefined && { threads }),
  });
  const { adapter: name, distrusted = [] } = opened.info;
  if (distrusted.length > 0) {
    const text = `${name} gives wrong results with ${distrusted.join(', ')}: computed without. Update its driver.`;
    onEvent?.({ type: 'note', text });
  }
  if (variants === undefined && opened.mixed && isForFloat32Only(opened.choices)) {
    const text = `What attune tune has measured on ${name} is for float32 only. ${commandLine(['tune', '--precision', 'mixed'])} measures the kernels that read and write float16.`;
    onEvent?.({ type: 'note', text });
  }
  if (variants !== undefined)
    opened.backend.onWaived = (waived) => onEvent?.({ type: 'note', text: waivedText(name, waived) });
  return opened;
}

/** Variants that a note names. */
const MOST_NAMED = 3;

/** The note on frozen choices that this adapter cannot run. */
function waivedText(adapter: string, waived: Choices): string {
  const all = Object.entries(waived).map(([key, variant]) => `${variant} (${key})`);
  return `Note: ${adapter} cannot run ${listed(all, MOST_NAMED)}, with which the run began: kernels choose by themselves there, and results will differ in the last digits.`;
}

function isForFloat32Only(choices: Choices): boolean {
  const keys = Object.keys(choices);
  return keys.length > 0 && !keys.some(isHalfKey);
}

/** Options of a command, or the fields of a recipe, and the frozen choices of a run. */
export type DeviceWish = Omit<DeviceOptions, 'adapter'> & {
  readonly adapter?: string | null;
  readonly variants?: Choices;
  readonly precision?: Recipe['precision'];
  readonly memory?: Recipe['memory'];
};

export function summarize({ info }: Device): DeviceSummary {
  return { kind: info.kind, adapter: info.adapter, software: info.software };
}

/** Whether a plan failed because it is too large for a device that is there: less of it may fit. */
export function isTooLarge(error: unknown, device: Device): error is AttuneError {
  return error instanceof AttuneError && error.code === 'device' && !device.lost;
}

/** Images per forward pass that a device is quick with; more only take memory. */
export function quickBatch(device: Device): number {
  return device.info.kind === 'cpu' || device.info.software ? CPU_BATCH : GPU_BATCH;
}

/** Images per batch of the evaluations of a training that computes `microBatch` images at once. */
export function evaluationBatch(device: Device, microBatch: number): number {
  return Math.min(microBatch, quickBatch(device));
}
