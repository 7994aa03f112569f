/**
 * What the tests of the finetune folder share: folders of small generated pictures, random weights, and a cache of
 * their own.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PNG } from 'pngjs';
import { AttuneError, type ErrorCode } from '#src/errors';
import type { FinetuneOptions, RunContext, RunEvent } from '#src/finetune/index';
import { writeSafetensors } from '#src/formats/index';
import { findModel } from '#src/models/index';
import { permuteShape } from '#src/nn/permute';
import * as assert from 'uvu/assert';

/** Small enough for quick tests on a CPU; the network halves it five times. */
export const SIDE = 32;

/** A folder for the whole test file, removed at its end. The caches are in it too. */
export const scratch = mkdtempSync(join(tmpdir(), 'attune-finetune-'));
process.env.ATTUNE_CACHE = join(scratch, 'cache');
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

let folders = 0;

/** A new empty folder. */
export function newFolder(): string {
  const folder = join(scratch, `folder-${folders++}`);
  mkdirSync(folder);
  return folder;
}

/** A path at which nothing is yet: for `out`. */
export function newPath(): string {
  return join(scratch, `path-${folders++}`);
}

/** Numbers in [0, 1) from a linear congruential generator: fast, and the same everywhere. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/**
 * A PNG of SIDE x SIDE with stripes: `kind` chooses their direction, width and colour, `seed` their place and some
 * noise, so that pictures of a kind resemble each other and none equals another.
 */
export function picture(kind: number, seed: number): Uint8Array {
  const png = new PNG({ width: SIDE, height: SIDE });
  const random = randomNumbers(seed * 7919 + kind + 1);
  const period = 6 + 5 * (kind % 3);
  const shift = random() * period;
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const across = kind % 2 === 0 ? x : y;
      const light = Math.floor((2 * (across + shift)) / period) % 2 === 0 ? 190 : 60;
      for (let c = 0; c < 3; c++) {
        const tint = c === kind % 3 ? 50 : 0;
        png.data[(y * SIDE + x) * 4 + c] = light + tint + Math.floor(random() * 12);
      }
      png.data[(y * SIDE + x) * 4 + 3] = 255;
    }
  }
  return PNG.sync.write(png);
}

/** Writes files below a folder, making folders on the way. */
export function writeFiles(folder: string, files: Readonly<Record<string, Uint8Array | string>>): void {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
}

/** Pictures `<class>/<class>-<seed>.png`, a kind for each class; seeds count from `first`. */
export function pictures(
  classes: readonly string[],
  perClass: number,
  first = 0,
): Record<string, Uint8Array> {
  return Object.fromEntries(
    classes.flatMap((name, kind) =>
      Array.from({ length: perClass }, (_, i) => [
        `${name}/${name}-${first + i}.png`,
        picture(kind, first + i),
      ]),
    ),
  );
}

/** A new folder with class folders of pictures. */
export function imageFolderOf(classes: readonly string[], perClass: number): string {
  const folder = newFolder();
  writeFiles(folder, pictures(classes, perClass));
  return folder;
}

const weights = new Map<string, Promise<string>>();

/** A file of random weights for the small ResNet with 1,000 outputs, as many as ImageNet's classes; made once. */
export const imagenetWeights = () => weightsOf('resnet-small');

function weightsOf(architecture: string): Promise<string> {
  const path = join(scratch, `${architecture}.safetensors`);
  const made = weights.get(architecture) ?? writeWeights(path, 5, 1000, architecture);
  weights.set(architecture, made);
  return made;
}

/** Writes random weights and running statistics that keep activations in bounds. */
export async function writeWeights(
  path: string,
  seed: number,
  classes = 1000,
  architecture = 'resnet18',
): Promise<string> {
  const random = randomNumbers(seed);
  const model = findModel(architecture).create({ classes });
  const tensors = Array.from(model.namedArrays(), ({ name, array, owner, field }) => {
    const shape = permuteShape(array.shape, owner.torchAxes(field) ?? array.shape.map((_, d) => d));
    const fanIn = shape.slice(1).reduce((a, b) => a * b, 1);
    const value = name.endsWith('running_var')
      ? () => 0.5 + random()
      : shape.length > 1
        ? () => (random() - 0.5) * Math.sqrt(12 / fanIn)
        : () => (name.endsWith('weight') ? 0.5 + random() : random() - 0.5);
    // A loop: `from` with a length takes several times as long for 25 million values.
    const data = new Float32Array(array.length);
    for (let i = 0; i < data.length; i++) data[i] = value();
    return { name, dtype: 'F32' as const, shape, data };
  });
  await writeSafetensors(path, tensors);
  return path;
}

/** The options of a run of the small ResNet on one thread of the CPU, with random weights. */
export async function smallRun(data: string, more: Partial<FinetuneOptions> = {}): Promise<FinetuneOptions> {
  return {
    data,
    weights: await imagenetWeights(),
    imageSize: SIDE,
    device: 'cpu',
    threads: 1,
    workers: 1,
    out: newPath(),
    ...more,
  };
}

/** A context that collects what the run tells. */
export function listener(): RunContext & { readonly events: RunEvent[] } {
  const events: RunEvent[] = [];
  const context: RunContext = { onEvent: (event) => events.push(event) };
  // Beside the names of a context, of which no other is taken.
  return Object.defineProperty(context, 'events', { value: events }) as ReturnType<typeof listener>;
}

/** How many items a task counted: 0 when it was never begun. */
export function countOf(events: readonly RunEvent[], task: string): number {
  const counts = events.flatMap((event) =>
    event.type === 'progress' && event.task === task ? [event.total ?? 0] : [],
  );
  return Math.max(0, ...counts);
}

/** Asserts that a promise fails with this code and a sentence that matches; returns the error. */
export async function fails(promise: Promise<unknown>, code: ErrorCode, words: RegExp): Promise<AttuneError> {
  const outcome = await promise.then(
    () => null,
    (error: unknown) => error,
  );
  assert.instance(outcome, AttuneError, `expected a failure with ${words}, got ${outcome}`);
  const error = outcome as AttuneError;
  assert.is(error.code, code, error.message);
  assert.match(error.message, words);
  return error;
}
