/**
 * A pool of worker threads that read, decode and resize images off the main thread.
 *
 * A worker has one job at a time. A job that takes too long, or whose worker dies, fails with
 * the image's name; the worker is replaced when the next job needs one, and the other jobs go
 * on. Idle workers do not keep the process alive; a job in progress does.
 */

import type { TaskTime } from '../store.js';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { AttuneError, type ErrorParts } from '../../errors.js';
import { machineFault } from '../../machine-fault.js';
import { ShortList } from '../../short-list.js';
import type { ImageWork, ImageWorkResult } from './image-work.js';

export interface ImagePoolOptions {
  /** Number of threads; default: one per core, at most 4. */
  readonly workers?: number | undefined;
  /** How long one image may take, in seconds; default 60. */
  readonly timeoutSeconds?: number | undefined;
  /** Another worker file; for the tests of this one. */
  readonly workerUrl?: URL | undefined;
}

export interface ImagePool {
  readonly workers: number;
  /**
   * Begins as soon as a worker is free. What still waits when the signal comes is
   * not started; one in progress ends as usual.
   * @throws AttuneError 'input' if the image cannot be read or took too long, or its worker died; 'disk' where the
   *   machine is at fault, as with too few file handles
   * @throws AttuneError 'interrupted' if it was not started
   */
  run<Work extends ImageWork>(work: Work, signal?: AbortSignal): Promise<ImageWorkResult<Work>>;
  /** From now on `observer` is called after each job that begins, whatever became of it. */
  observe(observer: (time: TaskTime) => void): void;
  /** Ends the workers; jobs not done yet fail. */
  close(): Promise<void>;
}

/** What a worker sends back. */
export type WorkerAnswer =
  | { readonly result: ImageWorkResult; readonly failure?: undefined }
  | { readonly result?: undefined; readonly failure: ErrorParts };

/** Decoding gains little above this, and each worker holds a decoded picture. */
const maximumDefaultWorkers = 4;

interface Job {
  readonly work: ImageWork;
  readonly signal?: AbortSignal | undefined;
  resolve(result: ImageWorkResult): void;
  reject(error: AttuneError): void;
}

/** A job that a worker has begun. */
interface Busy extends Job {
  readonly worker: Worker;
}

/** @throws AttuneError 'usage' if the number of workers is not a positive integer */
export function openImagePool({
  workers = Math.min(maximumDefaultWorkers, availableParallelism()),
  timeoutSeconds = 60,
  workerUrl = new URL('./worker.js', import.meta.url),
}: ImagePoolOptions = {}): ImagePool {
  if (!Number.isInteger(workers) || workers < 1) {
    throw new AttuneError({
      code: 'usage',
      what: `the number of workers must be a positive integer, not ${workers}`,
      where: '--workers',
    });
  }
  const waiting: Job[] = [];
  const idle: Worker[] = [];
  const busy = new ShortList<Busy>();
  const trays = new WeakMap<Worker, SharedArrayBuffer>();
  const ending = new Set<Promise<unknown>>();
  /** The job of each lane; empty unless they are timed. */
  const lanes: (Job | null)[] = [];
  let observer: ((time: TaskTime) => void) | null = null;
  let closed = false;

  function startWaiting(): void {
    while (waiting.length > 0 && busy.size < workers) {
      const job = waiting.shift() as Job;
      if (job.signal?.aborted) job.reject(interruptedError(job.work, 'the work on images was stopped'));
      else start(idle.pop() ?? addWorker(), job);
    }
  }

  function addWorker(): Worker {
    // The flags of this process are not for workers; some, as --input-type, would break them.
    const worker = new Worker(workerUrl, { execArgv: [] });
    // A death is followed by 'exit'; the reason comes first, with 'error'.
    let reason: unknown = null;
    worker.on('error', (error) => {
      reason = error;
    });
    worker.on('exit', () => {
      remove(idle, worker);
      const said = reason instanceof Error ? `, ${reason.message}` : '';
      fail(worker, `the thread that decoded the image ended${said}`, reason);
    });
    return worker;
  }

  /**
   * Memory that a worker and this thread see. Pictures sent as arrays of their own would lie among old objects until all
   * garbage is collected: a fifth of them does.
   */
  function trayOf(worker: Worker, length: number): Uint8Array {
    let tray = trays.get(worker);
    if (tray === undefined || tray.byteLength < length) {
      tray = new SharedArrayBuffer(length);
      trays.set(worker, tray);
    }
    return new Uint8Array(tray, 0, length);
  }

  /** Says when the job is done how long it took. */
  function timed(job: Job): Job {
    if (observer === null) return job;
    const tell = observer;
    const free = lanes.indexOf(null);
    const lane = free < 0 ? lanes.length : free;
    lanes[lane] = job;
    const begin = performance.now();
    const end = () => {
      lanes[lane] = null;
      tell({ kind: job.work.kind, path: job.work.path, lane, begin, end: performance.now() });
    };
    return {
      ...job,
      resolve(result) {
        end();
        job.resolve(result);
      },
      reject(error) {
        end();
        job.reject(error);
      },
    };
  }

  function start(worker: Worker, given: Job): void {
    const job = timed(given);
    const timer = setTimeout(() => {
      end(worker);
      fail(worker, `the image took more than ${timeoutSeconds} seconds to decode`);
    }, timeoutSeconds * 1000);
    const { work } = job;
    const tray = work.kind === 'augment' ? { into: work.into, from: trayOf(worker, work.into.length) } : null;
    busy.add({
      worker,
      work,
      resolve(result) {
        clearTimeout(timer);
        // Before the worker begins the next picture.
        if (tray !== null) tray.into.set(tray.from);
        job.resolve(result);
      },
      reject(error) {
        clearTimeout(timer);
        job.reject(error);
      },
    });
    worker.once('message', (answer: WorkerAnswer) => finish(worker, answer));
    worker.ref();
    worker.postMessage(tray === null ? work : { ...work, into: tray.from });
  }

  function finish(worker: Worker, { result, failure }: WorkerAnswer): void {
    const job = busy.take((one) => one.worker === worker);
    if (!job) return; // the answer came just after the time was up
    worker.unref();
    idle.push(worker);
    if (failure) job.reject(new AttuneError(failure));
    else job.resolve(result);
    startWaiting();
  }

  /**
   * Reports the image that a worker was busy with, and goes on without that worker: the fault is the image's, unless the
   * machine's is behind it.
   */
  function fail(worker: Worker, what: string, cause: unknown = null): void {
    const job = busy.take((one) => one.worker === worker);
    if (!job) return;
    const hint = 'replace the file or remove it';
    const { path } = job.work;
    job.reject(
      machineFault(cause, path) ?? new AttuneError({ code: 'input', what, where: path, hint }, { cause }),
    );
    startWaiting();
  }

  function end(worker: Worker): void {
    const ended = worker.terminate().finally(() => ending.delete(ended));
    ending.add(ended);
  }

  return {
    workers,
    run<Work extends ImageWork>(work: Work, signal?: AbortSignal) {
      if (closed) return Promise.reject(interruptedError(work, closing));
      return new Promise<ImageWorkResult<Work>>((resolve, reject) => {
        // A worker answers with the kind of result that belongs to its work.
        waiting.push({ work, signal, resolve: resolve as Job['resolve'], reject });
        startWaiting();
      });
    },
    observe(given) {
      observer = given;
    },
    async close() {
      closed = true;
      const unfinished = [...waiting.splice(0), ...busy];
      const threads = [...Array.from(busy, ({ worker }) => worker), ...idle.splice(0)];
      busy.clear();
      for (const job of unfinished) job.reject(interruptedError(job.work, closing));
      for (const worker of threads) end(worker);
      await Promise.all(ending);
    },
  };
}

function remove<T>(list: T[], item: T): void {
  const at = list.indexOf(item);
  if (at >= 0) list.splice(at, 1);
}

const closing = 'the image pool was closed';

function interruptedError(work: ImageWork, what: string): AttuneError {
  return new AttuneError({ code: 'interrupted', what, where: work.path });
}
