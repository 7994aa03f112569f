/** Measurements of a device, for `attune bench`: operations alone, whole networks, and the first steps of a process. */
export { benchKernels, kernelWorks } from './kernels.js';
export { benchModel, benchStartup, type ModelWork, modelWorks, STARTUP_WORK } from './models.js';
export {
  BENCH_PARTS,
  type BenchDevice,
  type BenchPart,
  type BenchRow,
  type CeilingRow,
  type KernelRow,
  type ModelRow,
  type Spread,
  type StartupRow,
} from './results.js';
