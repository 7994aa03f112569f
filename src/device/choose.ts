/** Which device to use: a hardware GPU, else the CPU; a software adapter only when it is named. */
import { AttuneError } from '../errors.js';
import type { DeviceInfo, DeviceKind } from './backend.js';

export interface DeviceWish {
  readonly device: DeviceKind | 'auto';
  /** Part of an adapter's name. */
  readonly adapter?: string;
}

export type DeviceChoice = { readonly kind: 'cpu' } | { readonly kind: 'webgpu'; readonly adapter: string };

/**
 * Chooses among the adapters that a probe found; the first hardware one wins. Throws AttuneError 'device' when
 * what was asked for is not there: an adapter that was named, or a GPU where only a processor plays one.
 */
export function chooseDevice(wish: DeviceWish, adapters: readonly DeviceInfo[]): DeviceChoice {
  if (wish.device === 'cpu') return { kind: 'cpu' };
  const names = adapters.map(({ adapter }) => adapter);
  const { adapter: wanted } = wish;
  if (wanted !== undefined) {
    const named = adapters[nearestName(wanted, names)];
    if (named !== undefined) return { kind: 'webgpu', adapter: named.adapter };
    throw noDevice(
      `no adapter is named ${wanted}`,
      '--adapter',
      names.length === 0
        ? 'this machine has none: install a GPU driver, or use --device cpu'
        : `there is ${names.join(', ')}`,
    );
  }
  const hardware = adapters.find(({ software }) => !software);
  if (hardware !== undefined) return { kind: 'webgpu', adapter: hardware.adapter };
  if (wish.device === 'auto') return { kind: 'cpu' };
  throw noDevice(
    'there is no hardware GPU',
    '--device webgpu',
    names.length === 0
      ? 'install a GPU driver or, for a software one on Debian or Ubuntu, run `npm run setup:vulkan`; or use --device cpu'
      : `use --device cpu, which is faster than a software adapter, or name the adapter: --adapter ${adapters[0].adapter}`,
  );
}

/**
 * Where the adapter that is meant stands in a list of names: the one of this whole name, else the first with this in it; of
 * two GPUs the name of one may be the begin of the other's. -1 where there is none.
 */
export function nearestName(wanted: string, names: readonly string[]): number {
  const whole = names.findIndex((name) => plain(name) === plain(wanted));
  return whole >= 0 ? whole : names.findIndex((name) => matchesAdapter(wanted, name));
}

/** Whether an adapter's name has `wanted` in it, looking at letters and digits only. */
export function matchesAdapter(wanted: string, name: string): boolean {
  return plain(name).includes(plain(wanted));
}

function plain(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}

function noDevice(what: string, where: string, hint: string): AttuneError {
  return new AttuneError({ code: 'device', what, where, hint });
}
