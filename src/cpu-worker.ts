/**
 * Composition root of the CPU device's threads: joins the kernel table and the SIMD module to the conductor, which
 * the main thread (device/cpu/node.ts) talks to, or to one of its colleagues.
 */
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { handleTeamRequest } from './device/cpu/colleague.js';
import type { SimdExports } from './device/cpu/command.js';
import { type Colleague, Conductor, Workshop } from './device/cpu/conductor.js';
import type { Failure, Reply, Request, TeamRequest, WorkerSetup } from './device/cpu/protocol.js';
import { Team } from './device/cpu/team.js';
import { ceilingKernels } from './device/ceilings.js';
import type { Kernel } from './device/kernel.js';
import { selfTestKernel } from './device/self-test.js';

const { memory, simd, kernelTable, threads, index, control } = workerData as WorkerSetup;
/** The conductor has one for each colleague; a colleague has the one to the conductor. */
const { ports } = workerData as { readonly ports: readonly MessagePort[] };
const parent = parentPort!;

const table: { kernels: Readonly<Record<string, Kernel>> } =
  kernelTable === null ? await import('./ops/kernels.js') : await import(kernelTable);
// Not the asynchronous way: a thread with nothing else to wait for would end before the promise resolves.
const exports =
  simd === null ? null : (new WebAssembly.Instance(simd, { env: { memory } }).exports as SimdExports);
const kernels = { ...table.kernels, ...ceilingKernels, selfTest: selfTestKernel };
const workshop = new Workshop(memory, kernels, exports, index);
const team = new Team(control, threads, index);

if (index === 0) conduct();
else assist(ports[0]);

function conduct(): void {
  const conductor = new Conductor(workshop, team, ports.map(colleague));
  // Ports do not keep the thread alive; the main thread does.
  for (const port of ports) port.unref();
  parent.on('message', (request: Request) => reply(conductor.handle(request)));
  reply({ ok: true, reads: [], times: [] });
}

function colleague(port: MessagePort): Colleague {
  return {
    post: (request: TeamRequest) => port.postMessage(request),
    failure: () => (receiveMessageOnPort(port)?.message as Failure | undefined) ?? null,
  };
}

function assist(port: MessagePort): void {
  port.on('message', (request: TeamRequest) =>
    handleTeamRequest(request, workshop, team, (failure) => port.postMessage(failure)),
  );
}

function reply(message: Reply): void {
  const reads = message.ok ? message.reads : [];
  parent.postMessage(
    message,
    reads.map((read) => read.buffer as ArrayBuffer),
  );
}
