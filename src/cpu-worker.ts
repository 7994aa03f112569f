/**
 * Composition root of the CPU device's worker thread: joins the conductor to the kernel table, the SIMD module
 * and the message port that the main thread (device/cpu/node.ts) talks to.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { SimdExports } from './device/cpu/command.js';
import { Conductor } from './device/cpu/conductor.js';
import type { Reply, Request, WorkerSetup } from './device/cpu/protocol.js';
import type { Kernel } from './device/kernel.js';
import { selfTestKernel } from './device/self-test.js';

const { memory, simd, kernelTable } = workerData as WorkerSetup;
const port = parentPort!;

const table: { kernels: Readonly<Record<string, Kernel>> } =
  kernelTable === null ? await import('./ops/kernels.js') : await import(kernelTable);
// Not the asynchronous way: a thread with nothing else to wait for would end before the promise resolves.
const exports =
  simd === null ? null : (new WebAssembly.Instance(simd, { env: { memory } }).exports as SimdExports);
const conductor = new Conductor(memory, { ...table.kernels, selfTest: selfTestKernel }, exports);

port.on('message', (request: Request) => reply(conductor.handle(request)));
reply({ ok: true, reads: [], times: [] });

function reply(message: Reply): void {
  const reads = message.ok ? message.reads : [];
  port.postMessage(
    message,
    reads.map((read) => read.buffer as ArrayBuffer),
  );
}
