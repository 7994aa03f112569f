/**
 * WebGPU in Node: Dawn through the package `webgpu`, shaders from the package's own folder, and a look at the
 * adapters from a child process. Nothing here decides which device to use: see ../choose.ts.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Choices, DeviceInfo } from '../backend.js';
import { nearestName } from '../choose.js';
import { webgpuInfo } from './adapter.js';
import { WebGPUBackend } from './backend.js';
import { deviceError, oneLine } from './faults.js';

export interface OpenDawnOptions {
  /** Part of the adapter's name, in any case. Absent: the adapter that Dawn puts first. */
  readonly adapterName?: string;
  /** Features to enable. Absent: all that the adapter has. */
  readonly features?: readonly GPUFeatureName[];
  readonly powerPreference?: GPUPowerPreference;
  /** Variants of kernels chosen by hand. */
  readonly choices?: Choices;
  /** float16 in shaders is needed; refused where the adapter has none. */
  readonly mixed?: boolean;
  /** Leaves out validation and bounds checks. For benchmarks of kernels that are known to be right. */
  readonly unsafe?: boolean;
}

/** Folder of the WGSL files, from dist/device/webgpu/. */
const SHADERS = new URL('../../../shaders/', import.meta.url);

/**
 * Timestamps are rounded to 0.1 ms otherwise: too coarse for a kernel. The feature that clears memory before its
 * first use stays on even in unsafe mode, because `allocate` promises zeros.
 */
const FLAGS = ['disable-dawn-features=timestamp_quantization'];
const UNSAFE_FEATURES = ['skip_validation', 'disable_robustness'];
/**
 * Dawn hides float16 of NVIDIA's Linux driver, which fails some of its tests. What computes with it is tested first
 * (engine/check-half.ts); `attune doctor` and `attune bench` are to know that it is there.
 */
const FEATURES = ['vulkan_enable_f16_on_nvidia'];
/** A name that no adapter has: Dawn answers with the list of those that there are. */
const NO_ADAPTER = '?';
const PROBE_TIMEOUT_MS = 30_000;

const DRIVER_HINT =
  'install a Vulkan driver (on Debian or Ubuntu `npm run setup:vulkan` installs a software one), or use --device cpu';

/**
 * Dawn's instances by their flags, kept until the process ends: they have to outlive their devices. One that is let go
 * gives back neither its threads nor its memory, so all devices that are opened with the same flags share one.
 */
const instances = new Map<string, GPU>();

type Create = (flags: string[]) => GPU;

/**
 * Opens an adapter with all of its limits and features. Throws AttuneError 'device' when `webgpu` cannot be
 * loaded, when there is no adapter, and when none has the name.
 */
export async function openDawn(options: OpenDawnOptions = {}): Promise<WebGPUBackend> {
  const create = await loadDawn();
  const flags = [...FLAGS, enabling(options.unsafe ? [...FEATURES, ...UNSAFE_FEATURES] : FEATURES)];
  const adapter = await request(create, flags, options);
  const info = webgpuInfo(adapter.info, adapter);
  if (options.mixed && !adapter.features.has('shader-f16')) {
    throw deviceError(
      'the adapter cannot compute with float16 (shader-f16), which --precision mixed needs',
      info.adapter,
      'leave --precision out',
    );
  }
  const device = await adapter
    .requestDevice({
      requiredFeatures: options.features ?? ([...adapter.features] as GPUFeatureName[]),
      requiredLimits: info.limits,
    })
    .catch((error: Error) => {
      throw deviceError(`the adapter gives no device: ${oneLine(error.message)}`, info.adapter, DRIVER_HINT);
    });
  const backend = new WebGPUBackend({
    adapterInfo: adapter.info,
    device,
    readShader,
    ...(options.choices && { choices: options.choices }),
  });
  try {
    await backend.checkSubgroups();
  } catch (error) {
    await backend.close();
    throw error;
  }
  return backend;
}

/**
 * The adapters of this machine, found by a child process: drivers and Dawn print warnings on standard error,
 * and a broken driver may end the process that loads it. `all` lists every adapter, otherwise the one that Dawn
 * puts first. Empty where there is none, or no `webgpu`.
 */
export async function probeAdapters(all = false): Promise<DeviceInfo[]> {
  const code = `import { printAdapters } from ${JSON.stringify(import.meta.url)}; await printAdapters(${all});`;
  const output = await new Promise<string>((resolve) => {
    execFile(
      process.execPath,
      ['--input-type=module', '--eval', code],
      { timeout: PROBE_TIMEOUT_MS, maxBuffer: 2 ** 24 },
      (_error, stdout) => resolve(stdout),
    );
  });
  try {
    return JSON.parse(output) as DeviceInfo[];
  } catch {
    return []; // the child ended early: whatever its driver did, it is no GPU to use
  }
}

/** What the child process of `probeAdapters` does: prints the adapters as JSON. */
export async function printAdapters(all: boolean): Promise<void> {
  const create = await loadDawn();
  const names = all ? await adapterNames(create) : [];
  const flags = names.length > 0 ? names.map((name) => [`adapter=${name}`]) : [[]];
  const found: DeviceInfo[] = [];
  for (const flag of flags) {
    const gpu = create([...flag, enabling(FEATURES)]);
    const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
    if (adapter !== null) found.push(webgpuInfo(adapter.info, adapter));
  }
  process.stdout.write(JSON.stringify(found), () => process.exit(0));
}

/** Why `webgpu` cannot be loaded, or null when it can: for `attune doctor`. */
export async function dawnProblem(): Promise<string | null> {
  return loadDawn().then(
    () => null,
    (error: Error) => error.message,
  );
}

function enabling(features: readonly string[]): string {
  return `enable-dawn-features=${features.join(',')}`;
}

async function loadDawn(): Promise<Create> {
  try {
    return (await import('webgpu')).create;
  } catch (error) {
    throw deviceError(
      `the package webgpu cannot be loaded: ${oneLine((error as Error).message)}`,
      'WebGPU',
      'it needs macOS, Windows or a Linux with glibc 2.34 or newer; use --device cpu elsewhere',
    );
  }
}

async function request(
  create: Create,
  flags: readonly string[],
  { adapterName, powerPreference = 'high-performance' }: OpenDawnOptions,
): Promise<GPUAdapter> {
  const first = async (name?: string) => {
    const gpu = instanceOf(create, name === undefined ? flags : [...flags, `adapter=${name}`]);
    const adapter = await gpu.requestAdapter({ powerPreference });
    if (adapter === null) throw deviceError('no GPU adapter was found', 'WebGPU', DRIVER_HINT);
    return adapter;
  };
  if (adapterName === undefined) return first();
  try {
    return await first(adapterName);
  } catch (error) {
    // Dawn wants the name as the driver writes it; its refusal lists the names that there are.
    const names = namesIn(error as Error);
    if (names.length === 0) throw error;
    const exact = names[nearestName(adapterName, names)];
    if (exact !== undefined) return first(exact);
    throw deviceError(`no adapter is named ${adapterName}`, 'WebGPU', `there is ${names.join(', ')}`);
  }
}

function instanceOf(create: Create, flags: readonly string[]): GPU {
  const key = JSON.stringify(flags);
  const instance = instances.get(key) ?? create([...flags]);
  instances.set(key, instance);
  return instance;
}

/** The full names of all adapters, which Dawn only tells when it cannot find one. Empty when there are none. */
async function adapterNames(create: Create): Promise<string[]> {
  try {
    await create([`adapter=${NO_ADAPTER}`]).requestAdapter();
    return [];
  } catch (error) {
    return namesIn(error as Error);
  }
}

function namesIn(error: Error): string[] {
  const lines = error.message.matchAll(/name: '(.*)'$/gm);
  return [...new Set([...lines].map((line) => line[1]))];
}

function readShader(path: string): Promise<string> {
  return readFile(fileURLToPath(new URL(path, SHADERS)), 'utf8').catch((error: Error) => {
    throw deviceError(`a shader cannot be read: ${error.message}`, path, 'install attune again');
  });
}
