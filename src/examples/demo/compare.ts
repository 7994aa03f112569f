/** The comparison: every method with every seed, on one device, with progress and the time left. */
import { Estimator } from '../../recipe/events.js';
import { type FinetuneResult, imageFolder, open, type RunContext } from '../../index.js';
import { IMAGES } from './files.js';
import { pixelAccuracy } from './pixels.js';
import { EPOCHS, type Training, train } from './trainings.js';

export type Method = Training | 'pixels';

/** In the order in which they run and are printed. */
export const METHODS: readonly Method[] = ['pixels', 'probe', 'full', 'scratch'];

export interface ComparisonOptions {
  readonly seeds: readonly number[];
  /** Default: all. */
  readonly methods?: readonly Method[];
  /** An empty folder: every training gets its run folder in it, named `full-42` and so on. */
  readonly folder: string;
  readonly device?: 'auto' | 'cpu' | 'webgpu';
  readonly threads?: number;
}

export interface Comparison {
  readonly device: FinetuneResult['device'];
  /** Test accuracy of each seed, as fractions, by method. */
  readonly accuracies: Readonly<Record<Method, readonly number[]>>;
}

/**
 * Runs the methods. The images are the same for every seed; what differs is the head's initial values, the order of
 * the images, their random crops, the folds, and the whole network's initial values from scratch.
 */
export async function compare(options: ComparisonOptions, context: RunContext = {}): Promise<Comparison> {
  const { seeds, methods = METHODS, folder, device: wanted = 'auto', threads } = options;
  const images = await imageFolder(IMAGES);
  const accuracies: Record<Method, number[]> = { pixels: [], probe: [], full: [], scratch: [] };
  const progress = new ComparisonProgress(methods, seeds, context);

  // Opened before anything else, so that all of them compute on the same device.
  const device = await open(wanted, threads === undefined ? {} : { threads });
  const { kind, adapter, software } = device.info;
  try {
    for (const seed of methods.includes('pixels') ? seeds : []) {
      accuracies.pixels.push(await pixelAccuracy(device, images, seed));
      progress.finish('pixels', seed);
    }
  } finally {
    await device.close();
  }

  const setting = { folder, device: kind, ...(threads !== undefined && { threads }) };
  for (const method of methods) {
    if (method === 'pixels') continue;
    for (const seed of seeds) {
      const { test, interrupted } = await train(method, { ...setting, seed }, progress.context(method, seed));
      if (interrupted) throw new DOMException('interrupted', 'AbortError');
      accuracies[method].push(test?.accuracy ?? Number.NaN);
      progress.finish(method, seed);
    }
  }
  return { device: { kind, adapter, software }, accuracies };
}

/** One bar for everything, in epochs of training; what has none counts as one. */
class ComparisonProgress {
  readonly #context: RunContext;
  readonly #total: number;
  readonly #estimator: Estimator;
  #done = 0;

  constructor(methods: readonly Method[], seeds: readonly number[], context: RunContext) {
    this.#context = context;
    this.#total = seeds.length * methods.reduce((sum, method) => sum + epochsOf(method), 0);
    // The quick methods come first and say nothing about the others.
    const quick = methods.filter((method) => epochsOf(method) === 1).length;
    this.#estimator = new Estimator(this.#total, quick * seeds.length + 2);
  }

  /** For a training: its epochs move the bar, its notes are left out. */
  context(method: Method, seed: number): RunContext {
    const { signal } = this.#context;
    return {
      ...(signal && { signal }),
      onEvent: ({ type }) => {
        if (type === 'epoch') this.#advance(method, seed, 1);
      },
    };
  }

  /** A method has ended for a seed; that of one with epochs was told by its last. */
  finish(method: Method, seed: number): void {
    if (epochsOf(method) === 1) this.#advance(method, seed, 1);
  }

  #advance(method: Method, seed: number, epochs: number): void {
    this.#done += epochs;
    const secondsLeft = this.#estimator.secondsLeft(this.#done, performance.now());
    this.#context.onEvent?.({
      type: 'progress',
      task: 'demo',
      done: this.#done,
      total: this.#total,
      secondsLeft,
      detail: `${method}, seed ${seed}`,
    });
  }
}

function epochsOf(method: Method): number {
  return method === 'full' || method === 'scratch' ? EPOCHS[method] : 1;
}
