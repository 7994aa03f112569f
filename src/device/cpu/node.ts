/** The CPU device in Node: the only file of this folder that imports `node:`. */
import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { AttuneError } from '../../errors.js';
import type { DeviceInfo } from '../backend.js';
import type { Precision } from '../dtype.js';
import { Allocator } from './allocator.js';
import { CpuBackend } from './backend.js';
import { InlineExecutor } from './inline.js';
import type { Reply, SimdBuild, WorkerPort, WorkerSetup } from './protocol.js';
import { hasRelaxedSimd, hasSimd } from './simd-support.js';
import { MAX_PAGES, PAGE_BYTES, WorkerExecutor } from './worker.js';

export interface CpuOptions {
  readonly precision?: Precision;
  /** Build of the SIMD module; 'auto' takes the fastest that this Node can run, 'off' runs plain loops. */
  readonly simd?: 'auto' | SimdBuild;
  /** Address of a module that exports `kernels`, in place of the engine's own table: for tests. */
  readonly kernelTable?: string;
}

/**
 * Opens the CPU device: 'float32' (default) computes in a worker thread, 'float64' in plain loops on this one.
 * `close()` ends the worker; an idle worker does not keep the process alive. Throws AttuneError 'device' when
 * the worker, its memory or the wanted SIMD build cannot be had.
 */
export async function openCpu(options: CpuOptions = {}): Promise<CpuBackend> {
  const { precision = 'float32', kernelTable = null } = options;
  if (precision === 'float64') {
    const executor = new InlineExecutor();
    return new CpuBackend(describe([], executor.maxBytes), executor);
  }
  const build = chooseSimd(options.simd ?? 'auto');
  const memory = newMemory();
  // The memory's first page stays unused: address 0 means an absent operand.
  const allocator = new Allocator(PAGE_BYTES, memory.buffer.byteLength);
  const port = startWorker({ memory, simd: await compile(build), kernelTable });
  const executor = new WorkerExecutor(memory, allocator, port, build !== 'off');
  await executor.started;
  const features = build === 'off' ? [] : [build === 'relaxed' ? 'relaxed-simd' : 'simd'];
  return new CpuBackend(describe(features, executor.maxBytes), executor);
}

function describe(features: readonly string[], maxMemoryBytes: number): DeviceInfo {
  const adapter = cpus()[0]?.model.trim() ?? 'unknown processor';
  return { kind: 'cpu', adapter, software: false, features, limits: { maxMemoryBytes, threads: 1 } };
}

/** Switches relaxed SIMD on where it is behind a flag, as in Node 20; returns whether it is there. */
export function enableRelaxedSimd(): boolean {
  if (!hasRelaxedSimd()) setFlagsFromString('--experimental-wasm-relaxed-simd');
  return hasRelaxedSimd();
}

function chooseSimd(wanted: 'auto' | SimdBuild): SimdBuild {
  if (wanted === 'off') return 'off';
  if (wanted !== 'plain' && enableRelaxedSimd()) return 'relaxed';
  if (wanted !== 'relaxed' && hasSimd()) return 'plain';
  if (wanted === 'auto') return 'off';
  throw new AttuneError({
    code: 'device',
    what: `This Node cannot run the ${wanted} build of the SIMD kernels`,
    where: `Node ${process.version} on ${process.arch}`,
    hint: "choose 'auto', or run the newest Node",
  });
}

async function compile(build: SimdBuild): Promise<WebAssembly.Module | null> {
  if (build === 'off') return null;
  const file = new URL(`./simd/${build}.wasm`, import.meta.url);
  try {
    // Not the asynchronous way: it does not keep the process alive. The module is a few kilobytes.
    return new WebAssembly.Module(await readFile(file));
  } catch (cause) {
    throw new AttuneError(
      {
        code: 'device',
        what: 'The SIMD kernels are not built or cannot be compiled',
        where: file.pathname,
        hint: 'run npm run build',
      },
      { cause },
    );
  }
}

/** Shared memory that starts small. The address range of its maximum is reserved at once. */
function newMemory(): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: 16, maximum: MAX_PAGES, shared: true });
  } catch (cause) {
    throw new AttuneError(
      {
        code: 'device',
        what: 'The CPU device could not reserve 4 GiB of address space for its memory',
        where: 'CPU device',
        hint: 'raise the limit on virtual memory (ulimit -v unlimited)',
      },
      { cause },
    );
  }
}

function startWorker(setup: WorkerSetup): WorkerPort {
  // Without this process's own flags: some of them (--input-type, --eval) are refused for a file.
  const worker = new Worker(new URL('../../cpu-worker.js', import.meta.url), {
    workerData: setup,
    execArgv: [],
  });
  return {
    post: (request, transfer) => worker.postMessage(request, transfer),
    onReply: (listener) => worker.on('message', (reply: Reply) => listener(reply)),
    onEnd(listener) {
      worker.on('error', (error) => listener(`The CPU worker stopped: ${error.message}`));
      worker.on('exit', (code) => listener(`The CPU worker stopped with exit code ${code}`));
    },
    hold: (busy) => (busy ? worker.ref() : worker.unref()),
    async terminate() {
      await worker.terminate();
    },
  };
}
