/**
 * `attune bench` on the devices of this machine, one after another so that none slows another down. Each part is measured
 * in a child process of its own, which is ended when its time is over: a software adapter may need longer for one shader
 * than for all the rest, start-up is that of a process, and a broken driver may end the process that uses it.
 */
import type { DeviceInfo, DeviceKind } from '../device/backend.js';
import { open } from '../engine/open.js';
import { tunedChoices } from '../runs/tuning-cache.js';
import { AttuneError } from '../errors.js';
import {
  type BenchDevice,
  benchKernels,
  benchModel,
  type BenchPart,
  type BenchRow,
  benchStartup,
  kernelWorks,
  modelWorks,
  type ModelWork,
  STARTUP_WORK,
} from '../finetune/bench/index.js';
import { outputOfChild } from './child.js';

export type PlacedRow = BenchDevice & BenchRow;

/** What was to be measured and was not. */
export type Unmeasured = BenchDevice & {
  readonly part: BenchPart;
  readonly name: string;
  readonly reason: string;
};

export interface BenchOptions {
  readonly devices: readonly DeviceInfo[];
  readonly parts: readonly BenchPart[];
  /** For all devices and parts together. */
  readonly seconds: number;
  /** Called before each part. */
  onPart(device: BenchDevice, part: BenchPart): void;
}

export interface BenchResults {
  readonly rows: readonly PlacedRow[];
  readonly unmeasured: readonly Unmeasured[];
}

/** How a device's time is shared by its parts. */
const WEIGHTS: Readonly<Record<BenchPart, number>> = { kernels: 3, models: 5, startup: 2 };
/** Share of a part's time that is left for the run under way when the rest is over; then the child is ended. */
const GRACE = 0.2;

/** What a child prints, a line each. */
type Line = { readonly row: BenchRow } | { readonly failure: string } | { readonly done: true };

export async function benchDevices({ devices, parts, seconds, onPart }: BenchOptions): Promise<BenchResults> {
  const end = Date.now() + 1000 * seconds;
  const rows: PlacedRow[] = [];
  const unmeasured: Unmeasured[] = [];
  for (const [index, info] of devices.entries()) {
    const { kind, adapter, software } = info;
    const device = { kind, adapter, software };
    const deviceEnd = Date.now() + (end - Date.now()) / (devices.length - index);
    for (const [at, part] of parts.entries()) {
      onPart(device, part);
      const left = parts.slice(at).reduce((sum, each) => sum + WEIGHTS[each], 0);
      const share = Math.max(1, Math.floor(((deviceEnd - Date.now()) * WEIGHTS[part]) / left));
      const lines = await childLines(part, device, share);
      const found = lines.flatMap((line) => ('row' in line ? [line.row] : []));
      for (const row of found) rows.push({ ...device, ...row });
      const reason = reasonOf(lines);
      const names = new Set(found.map((row) => nameOf(row)));
      for (const name of expected(part, info)) {
        if (!names.has(name)) unmeasured.push({ ...device, part, name, reason });
      }
    }
  }
  return { rows, unmeasured };
}

async function childLines(part: BenchPart, { kind, adapter }: BenchDevice, share: number): Promise<Line[]> {
  const words = [part, kind, adapter, Date.now() + share * (1 - GRACE)];
  const output = await outputOfChild(import.meta.url, 'printBench', words, share);
  return output.split('\n').flatMap((line): Line[] => {
    try {
      return line === '' ? [] : [JSON.parse(line) as Line];
    } catch {
      return []; // cut off by the end of the child
    }
  });
}

const CEILINGS = 'ceilings';

function expected(part: BenchPart, info: DeviceInfo): readonly string[] {
  if (part === 'kernels') return [CEILINGS, ...kernelWorks(info).map(({ name }) => name)];
  return part === 'models' ? modelWorks(info).map(({ name }) => name) : [STARTUP_WORK.name];
}

function nameOf(row: BenchRow): string {
  return row.part === 'ceilings' ? CEILINGS : row.name;
}

/** Why what is missing is missing. A child that was ended, or ended by itself, has not said that it was done. */
function reasonOf(lines: readonly Line[]): string {
  const failure = lines.find((line) => 'failure' in line);
  return failure === undefined ? 'no time' : failure.failure;
}

/** What the child process does: prints a line for each row, as soon as it is known. */
export async function printBench(
  part: BenchPart,
  kind: DeviceKind,
  adapter: string,
  deadline: number,
): Promise<void> {
  const secondsLeft = () => (deadline - Date.now()) / 1000;
  // As a run does: with what attune tune has found.
  const openDevice = (precision?: 'float32' | 'mixed') =>
    open(
      kind,
      kind === 'webgpu' ? { adapter, choices: tunedChoices(), ...(precision && { precision }) } : {},
    );
  try {
    if (part === 'kernels')
      await benchKernels(await openDevice(), secondsLeft(), (row) => printLine({ row }));
    else if (part === 'models') await printModels(openDevice, secondsLeft);
    else {
      const row = await benchStartup(openDevice, secondsLeft());
      if (row !== null) printLine({ row });
    }
    printLine({ done: true });
  } catch (error) {
    if (!(error instanceof AttuneError)) throw error;
    printLine({ failure: error.what });
  }
  process.stdout.write('', () => process.exit(0));
}

/** Each on a device of its own, which tells how much memory it took. */
async function printModels(
  openDevice: (precision?: 'float32' | 'mixed') => ReturnType<typeof open>,
  secondsLeft: () => number,
): Promise<void> {
  let works: readonly ModelWork[] | null = null;
  for (let i = 0; works === null || i < works.length; i++) {
    if (secondsLeft() <= 0) return;
    const device = await openDevice(works?.[i].precision);
    works ??= modelWorks(device.info);
    const row = await benchModel(device, works[i], secondsLeft() / (works.length - i));
    if (row !== null) printLine({ row });
    await device.close();
  }
}

function printLine(line: Line): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
