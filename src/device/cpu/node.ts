/** The CPU device in Node: the only file of this folder that imports `node:`. */
import { readFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { AttuneError } from '../../errors.js';
import type { DeviceInfo } from '../backend.js';
import type { Precision } from '../dtype.js';
import { Allocator } from './allocator.js';
import { CpuBackend } from './backend.js';
import { InlineExecutor } from './inline.js';
import type { Reply, SimdBuild, WorkerPort, WorkerSetup } from './protocol.js';
import { ShortRuns } from './short-runs.js';
import { hasRelaxedSimd, hasSimd } from './simd-support.js';
import { endTeam, newControl } from './team.js';
import { MAX_PAGES, PAGE_BYTES, WorkerExecutor } from './worker-executor.js';

export interface CpuOptions {
  readonly precision?: Precision;
  /** Build of the SIMD module; 'auto' takes the fastest that this Node can run, 'off' runs plain loops. */
  readonly simd?: 'auto' | SimdBuild;
  /** Threads that compute. The result does not depend on it. Default: as many as the processor runs at once. */
  readonly threads?: number;
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
    return new CpuBackend(describe([], executor.maxBytes, 1), executor);
  }
  const build = chooseSimd(options.simd ?? 'auto');
  const memory = newMemory();
  // No operand lies in the memory's first page, which has the step values: address 0 means an absent operand.
  const allocator = new Allocator(PAGE_BYTES, memory.buffer.byteLength);
  const threads = threadCount(options.threads);
  const control = newControl(threads);
  const simd = await compile(build);
  const port = startTeam({ memory, simd, kernelTable, threads, control });
  const shortRuns = new ShortRuns(memory, simd);
  const executor = new WorkerExecutor(memory, allocator, port, shortRuns, { simd: simd !== null, threads });
  await executor.started;
  const features = build === 'off' ? [] : [build === 'relaxed' ? 'relaxed-simd' : 'simd'];
  return new CpuBackend(describe(features, executor.maxBytes, threads), executor);
}

/** More threads than this only wait for each other. */
const MOST_THREADS = 32;

function threadCount(wanted: number | undefined): number {
  const threads = wanted ?? Math.min(availableParallelism(), MOST_THREADS);
  if (Number.isInteger(threads) && threads >= 1 && threads <= MOST_THREADS) return threads;
  throw new AttuneError({
    code: 'usage',
    what: `the number of threads must be a whole number from 1 to ${MOST_THREADS}, not ${wanted}`,
    where: '--threads',
  });
}

function describe(features: readonly string[], maxMemoryBytes: number, threads: number): DeviceInfo {
  const adapter = cpus()[0]?.model.trim() ?? 'unknown processor';
  return { kind: 'cpu', adapter, software: false, features, limits: { maxMemoryBytes, threads } };
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

/**
 * The most that a thread keeps of new objects, dead or alive, before it clears them away. Its tensors lie in the shared
 * memory, and of a run it makes some 200 kB of objects, none of which outlives it. V8's own 48 MB, which fill up all the
 * same, would be 1.5 GB on 32 threads.
 */
const YOUNG_MB = 6;

/** Starts the conductor and its colleagues; the port talks to the conductor and speaks for them all. */
function startTeam(setup: Omit<WorkerSetup, 'index'>): WorkerPort {
  const channels = Array.from({ length: setup.threads - 1 }, () => new MessageChannel());
  const start = (index: number, ports: readonly MessagePort[]) =>
    // Without this process's own flags: some of them (--input-type, --eval) are refused for a file.
    new Worker(new URL('../../cpu-worker.js', import.meta.url), {
      workerData: { ...setup, index, ports },
      transferList: [...ports],
      execArgv: [],
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    });
  const conductor = start(
    0,
    channels.map(({ port1 }) => port1),
  );
  const team = [conductor, ...channels.map(({ port2 }, i) => start(i + 1, [port2]))];
  // The conductor alone says whether there is work.
  for (const worker of team) worker.unref();
  return {
    post: (request, transfer) => conductor.postMessage(request, transfer),
    onReply: (listener) => conductor.on('message', (reply: Reply) => listener(reply)),
    onEnd(listener) {
      for (const worker of team) {
        const end = (what: string) => {
          endTeam(setup.control);
          listener(what);
        };
        worker.on('error', (error) => end(`The CPU worker stopped: ${error.message}`));
        worker.on('exit', (code) => end(`The CPU worker stopped with exit code ${code}`));
      }
    },
    turn: () => setImmediate(),
    hold: (busy) => (busy ? conductor.ref() : conductor.unref()),
    async terminate() {
      endTeam(setup.control);
      await Promise.all(team.map((worker) => worker.terminate()));
    },
  };
}
