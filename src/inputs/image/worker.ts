/**
 * Entry file of a worker of the pool: one job at a time, one answer each.
 */

import { parentPort } from 'node:worker_threads';
import { AttuneError } from '../../errors.js';
import { machineFault } from '../../machine-fault.js';
import { type ImageWork, type ImageWorkResult, runImageWork } from './image-work.js';
import type { WorkerAnswer } from './pool.js';

const port = parentPort;
if (port === null) {
  throw new AttuneError({
    code: 'internal',
    what: 'this file runs as a worker thread only',
    where: 'inputs/image/worker',
  });
}

port.on('message', async (work: ImageWork) => {
  try {
    const result = await runImageWork(work);
    port.postMessage({ result } satisfies WorkerAnswer, pixelBuffers(result));
  } catch (error) {
    // Error subclasses do not survive the way between threads, their parts do.
    const { code, what, where, hint } = asAttuneError(error, work.path);
    port.postMessage({ failure: { code, what, where, hint } } satisfies WorkerAnswer);
  }
});

function asAttuneError(error: unknown, path: string): AttuneError {
  const known = machineFault(error, path) ?? error;
  return known instanceof AttuneError
    ? known
    : new AttuneError({ code: 'internal', what: String(error), where: path });
}

/** Whole pictures are handed over instead of copied. */
function pixelBuffers(result: ImageWorkResult): ArrayBuffer[] {
  return Object.values(result).flatMap((value) =>
    value !== null && typeof value === 'object' && 'pixels' in value ? [value.pixels.buffer] : [],
  );
}
