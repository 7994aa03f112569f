/**
 * WebGPU as a browser has it, for engines that were written for one. Their Dawn is attune's own, with the same
 * settings: validation and bounds checks on.
 */
import { create, globals } from 'webgpu';
import { nearestName } from '../../../dist/device/choose.js';
import { adapterLabel, isSoftware } from '../../../dist/device/webgpu/adapter.js';

/**
 * Puts WebGPU's names and `navigator.gpu` into this process, with the adapter of that name (undefined: the one that
 * Dawn puts first). Returns a function that says which one was taken, once there was a request: { adapter, setting }.
 */
export function installBrowserGpu(adapterName) {
  const named = (name) => create(name === undefined ? [] : [`adapter=${name}`]);
  let gpu = named(adapterName); // kept: Dawn's instance must outlive its devices
  let info;
  const requestAdapter = async (options) => {
    const adapter = await gpu.requestAdapter(options).catch((error) => {
      // Dawn wants the name as the driver writes it; its refusal lists the names that there are.
      const names = Array.from(error.message.matchAll(/name: '(.*)'$/gm), ([, name]) => name);
      const exact = names[nearestName(adapterName ?? '', names)];
      if (exact === undefined) throw error;
      gpu = named(exact);
      return gpu.requestAdapter(options);
    });
    info = adapter.info;
    return adapter;
  };
  Object.assign(globalThis, globals);
  const navigator = { gpu: { requestAdapter }, userAgent: `Node.js/${process.versions.node}` };
  Object.defineProperty(globalThis, 'navigator', { value: navigator });
  return () => {
    const adapter = adapterLabel(info);
    return { adapter, setting: isSoftware(info) ? `${adapter} (software)` : adapter };
  };
}
