/** The engine put together: a backend, joined to the fusion rules of the operations. */
import type { Backend, Choices, DeviceKind } from '../device/backend.js';
import { chooseDevice, type DeviceChoice } from '../device/choose.js';
import { openCpu } from '../device/cpu/node.js';
import type { Precision } from '../device/dtype.js';
import { openDawn, probeAdapters } from '../device/webgpu/node.js';
import { AttuneError } from '../errors.js';
import { type OptionNames, refuseUnknownOptions } from '../option-names.js';
import { checkHalf } from './check-half.js';
import { FUSIONS } from '../ops/fusions.js';
import { RECOMPUTABLE } from '../ops/recomputable.js';
import { Device } from '../program/device.js';

/** What `open` may be told about the device. */
export interface OpenOptions {
  /**
   * 'float64' computes in plain loops on the CPU: slow, and the judge of everything else. 'mixed' keeps activations and
   * their gradients as float16 on a GPU, and computes in float32 (program/half.ts). Default 'float32'.
   */
  readonly precision?: Precision | 'mixed';
  /** Part of a GPU adapter's name. A software adapter is used only when it is named. */
  readonly adapter?: string;
  /**
   * Variants of kernels to use on a GPU in place of the engine's own choice; or where they come from, once it is known
   * which adapter was opened.
   */
  readonly choices?: Choices | ((backend: Backend) => Promise<Choices>);
  /** Build of the CPU's SIMD kernels. Default 'auto': the fastest that this Node can run. */
  readonly simd?: 'auto' | 'relaxed' | 'plain' | 'off';
  /** Threads of the CPU device. Default: as many as the processor runs at once; results do not depend on it. */
  readonly threads?: number;
  /**
   * 'low' computes cheap activations a second time in the backward pass instead of keeping them: the same bytes in less
   * memory and a little more time (program/recompute.ts). Default 'normal'.
   */
  readonly memory?: 'normal' | 'low';
  /** Applies no fusion rule: the plain path, for comparison. */
  readonly fuse?: boolean;
}

const OPEN_NAMES: OptionNames<OpenOptions> = {
  precision: true,
  adapter: true,
  choices: true,
  simd: true,
  threads: true,
  memory: true,
  fuse: true,
};

/**
 * Opens a device. 'auto' is a hardware GPU where there is one, else the CPU; a software adapter is used only
 * when named. Call `close()` at the end. Throws AttuneError 'device' when what was asked for is not there.
 */
export async function open(kind: DeviceKind | 'auto' = 'auto', options: OpenOptions = {}): Promise<Device> {
  assertKind(kind);
  refuseUnknownOptions(options, OPEN_NAMES, 'open');
  const rules = options.fuse === false ? [] : FUSIONS;
  const { choices, precision, simd, threads } = options;
  assertOneOf('precision', precision, ['float32', 'float64', 'mixed']);
  assertOneOf('build of SIMD', simd, ['auto', 'relaxed', 'plain', 'off']);
  assertOneOf('memory', options.memory, ['normal', 'low']);
  const recomputed = options.memory === 'low' ? RECOMPUTABLE : new Set<string>();
  if (kind !== 'cpu' && precision === 'float64') {
    throw new AttuneError({
      code: 'device',
      what: 'float64 is not available on a GPU',
      where: `--device ${kind}`,
      hint: "open('cpu', { precision: 'float64' })",
    });
  }
  const choice = await choiceOf(kind, options);
  if (choice.kind === 'cpu') {
    if (precision === 'mixed') throw mixedNeedsGpu(kind);
    return new Device(
      await openCpu({
        ...(precision && { precision }),
        ...(simd && { simd }),
        ...(threads !== undefined && { threads }),
      }),
      rules,
      false,
      recomputed,
    );
  }
  const mixed = precision === 'mixed';
  const backend = await openDawn({ adapterName: choice.adapter, mixed });
  try {
    if (choices !== undefined)
      backend.choices = typeof choices === 'function' ? await choices(backend) : choices;
  } catch (error) {
    await backend.close();
    throw error;
  }
  const device = new Device(backend, rules, mixed, recomputed);
  if (mixed) await checkHalf(device);
  return device;
}

/** What decides about the device. */
type Wish = Pick<OpenOptions, 'adapter' | 'precision'>;

/**
 * Throws what `open` would throw where the device is not there, and opens nothing: for before anything costly is begun.
 * @throws AttuneError 'device'
 */
export async function assertDeviceIsThere(kind: DeviceKind | 'auto', wish: Wish): Promise<void> {
  // There is always a processor.
  if (kind === 'auto' && wish.adapter === undefined && wish.precision !== 'mixed') return;
  const choice = await choiceOf(kind, wish);
  if (choice.kind === 'cpu' && wish.precision === 'mixed') throw mixedNeedsGpu(kind);
}

async function choiceOf(kind: DeviceKind | 'auto', { adapter }: Wish): Promise<DeviceChoice> {
  const wish = { device: kind, ...(adapter !== undefined && { adapter }) };
  const adapters = kind === 'cpu' ? [] : await probeAdapters(adapter !== undefined);
  return chooseDevice(wish, adapters);
}

/** JavaScript may ask for any: without this, all but 'cpu' would mean a GPU. */
function assertKind(kind: string): void {
  if (['auto', 'webgpu', 'cpu'].includes(kind)) return;
  const hint = "write open('auto'), open('webgpu') or open('cpu')";
  throw new AttuneError({
    code: 'device',
    what: `there is no kind of device "${kind}"`,
    where: 'open',
    hint,
  });
}

/** Another name would be taken for one of these without a word. */
function assertOneOf(what: string, given: string | undefined, names: readonly string[]): void {
  if (given === undefined || names.includes(given)) return;
  throw new AttuneError({
    code: 'device',
    what: `there is no ${what} "${given}"`,
    where: 'open',
    hint: `write ${names.join(', ')}`,
  });
}

function mixedNeedsGpu(kind: DeviceKind | 'auto'): AttuneError {
  return new AttuneError({
    code: 'device',
    what: 'mixed precision is for GPUs, and the CPU device computes in float32 only',
    where: `--precision mixed, --device ${kind}`,
    hint: 'name a GPU with --adapter, or begin a run without --precision mixed',
  });
}
