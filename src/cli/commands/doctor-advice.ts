/** What to do about a machine's devices, in sentences. */
import type { DeviceInfo } from '../../device/backend.js';
import { SUBGROUPS, type SelfTest } from '../../device/self-test.js';
import { commandLine } from '../../runs/command-line.js';
import type { Measurements } from '../../finetune/measure.js';

/** A device, and what it answered. */
export interface DeviceReport extends DeviceInfo {
  readonly self_tests: readonly SelfTest[];
  /** Only where it was asked for. */
  readonly measured?: Measurements;
}

export interface Findings {
  /** Why the package `webgpu` cannot be loaded; null when it can. */
  readonly dawnProblem: string | null;
  readonly devices: readonly DeviceReport[];
  readonly platform: NodeJS.Platform;
}

export function advise({ dawnProblem, devices, platform }: Findings): string[] {
  const advice: string[] = [];
  const adapters = devices.filter(({ kind }) => kind === 'webgpu');
  if (dawnProblem !== null) {
    advice.push(`${dawnProblem}. Until then the processor computes.`);
  } else if (adapters.every(({ software }) => software)) {
    const found =
      adapters.length === 0
        ? 'There is no GPU adapter'
        : 'There is no hardware GPU, only software that plays one';
    advice.push(`${found}: the processor computes. ${driverAdvice(platform)}`);
  }
  if (devices.some(({ kind, features }) => kind === 'cpu' && features.length === 0)) {
    advice.push(
      'This Node runs no WebAssembly SIMD, so the processor computes slowly: install the newest Node.',
    );
  }
  for (const { kind, adapter, self_tests } of devices) {
    const failed = self_tests.filter(({ ok }) => !ok);
    if (failed.length === 0) continue;
    if (failed.every(({ name }) => name === SUBGROUPS)) {
      advice.push(
        `${adapter} computes subgroup operations wrongly: attune does without them. Update its driver.`,
      );
      continue;
    }
    advice.push(
      kind === 'cpu'
        ? `The processor gives wrong results: run npm run build, then ${commandLine(['doctor'])} again; if that does not help, please report it.`
        : `Do not trust ${adapter}: update its driver, and use --device cpu until all of its self-tests pass.`,
    );
  }
  return advice;
}

function driverAdvice(platform: NodeJS.Platform): string {
  if (platform === 'linux') {
    return "If the machine has a GPU, install its Vulkan driver (mesa-vulkan-drivers for AMD and Intel, the vendor's for NVIDIA). For a software one, run npm run setup:vulkan.";
  }
  return platform === 'win32'
    ? "If the machine has a GPU, install its vendor's newest driver; attune needs Direct3D 12."
    : 'If the machine has a GPU, update the operating system; attune needs Metal.';
}
