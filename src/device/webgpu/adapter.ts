/** What an adapter says of itself, in the words that attune prints and matches. */
import type { DeviceInfo } from '../backend.js';

/** Processors that play a GPU: slower than the CPU device, so they are used only when named. */
const SOFTWARE = /llvmpipe|lavapipe|swiftshader|warp|basic render|software rasterizer/i;

/** The adapter's name, as `--adapter` matches it. */
export function adapterLabel(info: GPUAdapterInfo): string {
  return info.device.replace(/-+$/, '') || info.description || info.vendor || 'unnamed adapter';
}

export function isSoftware(info: GPUAdapterInfo): boolean {
  return info.isFallbackAdapter || SOFTWARE.test(`${info.device} ${info.description}`);
}

/** All limits of an adapter or a device; they are accessors of a prototype, so they are listed by name. */
export function limitsOf(limits: GPUSupportedLimits): Record<string, number> {
  const all: Record<string, number> = {};
  for (const name in limits) {
    const value: unknown = limits[name as keyof GPUSupportedLimits];
    if (typeof value === 'number') all[name] = value;
  }
  return all;
}

export function webgpuInfo(
  info: GPUAdapterInfo,
  from: { readonly features: GPUSupportedFeatures; readonly limits: GPUSupportedLimits },
): DeviceInfo {
  return {
    kind: 'webgpu',
    adapter: adapterLabel(info),
    driver: info.description,
    software: isSoftware(info),
    features: [...from.features].sort(),
    limits: limitsOf(from.limits),
  };
}
