/** One run of prepared launches: uploads and step values, then submits, then copies of what is read. */
import { AttuneError } from '../../errors.js';
import { hostArray, type TypedArray } from '../dtype.js';
import { type BufferRange, MAX_STEP_VALUES, type StepValue, type Upload } from '../kernel.js';
import { type Context, encodeLaunch, type Launch, type PreparedLaunches } from './launches.js';
import { byteRange, roundUp } from './memory.js';
import type { Stopwatch } from './profiler.js';
import { encodeReads, mapReads, type PendingReads } from './reads.js';

/** A run that took this long is submitted in pieces the next time: drivers reset a GPU that seems to hang. */
const LONG_RUN_MS = 500;
const PIECE_MS = 200;
/**
 * Launches in a piece of a run whose duration is not known yet: fewer where a processor plays the GPU. Windows resets a GPU
 * after two seconds; a convolution of ResNet50 takes a small one some 60 ms for a batch of 32.
 */
const FIRST_RUN_LAUNCHES = { hardware: 16, software: 8 };

/**
 * Queues a copy of host data into a range. WebGPU writes whole 4-byte words: the rest of a range's last word
 * becomes zero, and it is never part of another range, because ranges begin at word boundaries.
 */
export function uploadRange({ device, memory }: Context, { range, data }: Upload): void {
  const { start, bytes } = byteRange(range);
  const type = hostArray(range.dtype, 0).constructor as new () => TypedArray;
  if (data.length !== range.length || !(data instanceof type) || start % 4 !== 0) {
    throw new AttuneError({
      code: 'internal',
      what: `${data.length} elements in a ${data.constructor.name} do not fit ${range.length} of ${range.dtype} at byte ${start}`,
      where: 'copying to the GPU',
    });
  }
  if (bytes === 0) return;
  device.queue.writeBuffer(memory.block(range.buffer).gpu, start, wholeWords(data));
}

/** `data` as WebGPU takes it: whole words, and in memory of its own, because Dawn crashes on shared memory. */
function wholeWords(data: TypedArray): GPUAllowSharedBufferSource {
  const { buffer, byteOffset, byteLength } = data;
  if (byteLength % 4 === 0 && buffer instanceof ArrayBuffer) return data as GPUAllowSharedBufferSource;
  const copy = new Uint8Array(roundUp(byteLength, 4));
  copy.set(new Uint8Array(buffer, byteOffset, byteLength));
  return copy;
}

/** Queues a run's step values. Writes keep their place among submits, so one buffer serves all runs. */
export function writeStep({ device, shared }: Context, step: readonly StepValue[]): void {
  if (step.length > MAX_STEP_VALUES) {
    throw new AttuneError({
      code: 'internal',
      what: `${step.length} step values are more than ${MAX_STEP_VALUES}`,
    });
  }
  if (step.length === 0) return;
  const words = new DataView(new ArrayBuffer(4 * step.length));
  step.forEach(({ kind, value }, i) => {
    if (kind === 'float') words.setFloat32(4 * i, value, true);
    else words.setUint32(4 * i, value, true);
  });
  device.queue.writeBuffer(shared.step, 0, words.buffer);
}

/** Submits the launches and the copies of `reads`; `stopwatch` times them. Returns at once. */
export function submitRun(
  context: Context,
  prepared: PreparedLaunches,
  reads: readonly BufferRange[],
  stopwatch: Stopwatch | null,
): PendingReads {
  const { device, memory, counters, traits } = context;
  const { launches } = prepared;
  const size = pieceSize(prepared, traits.software);
  let encoder = device.createCommandEncoder();
  for (let begin = 0; begin < launches.length; begin += size) {
    if (begin > 0) {
      device.queue.submit([encoder.finish()]);
      counters.submits++;
      encoder = device.createCommandEncoder();
    }
    const piece = launches.slice(begin, begin + size);
    if (stopwatch === null) encodePass(encoder, piece);
    else stopwatch.encode(encoder, piece);
  }
  counters.launches += launches.length;
  stopwatch?.collect(encoder);
  const copied = encodeReads(encoder, memory, reads);
  if (launches.length > 0 || copied.staging !== null) {
    device.queue.submit([encoder.finish()]);
    counters.submits++;
  }
  stopwatch?.map();
  return mapReads(copied, device.queue);
}

function encodePass(encoder: GPUCommandEncoder, launches: readonly Launch[]): void {
  const pass = encoder.beginComputePass();
  let current: GPUComputePipeline | undefined;
  for (const launch of launches) {
    current = encodeLaunch(pass, launch, current);
  }
  pass.end();
}

/** Launches in one submit. */
function pieceSize({ launches, lastMilliseconds }: PreparedLaunches, software: boolean): number {
  if (lastMilliseconds === undefined)
    return software ? FIRST_RUN_LAUNCHES.software : FIRST_RUN_LAUNCHES.hardware;
  if (lastMilliseconds < LONG_RUN_MS) return Math.max(1, launches.length);
  return Math.max(1, Math.ceil((launches.length * PIECE_MS) / lastMilliseconds));
}
