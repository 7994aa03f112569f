/** What a row of the table of inputs (index.ts) has: all that finds, prepares and tells one kind of sample. */
import type { ModelEntry, ModelOptions, ModelPreprocessing } from '../models/index.js';
import type { Input } from './input.js';
import type { SampleFiles } from './sample-files.js';
import type { FileSamples, SampleStore, StoreOptions } from './store.js';

/** What is known where a network has not been trained by samples of its input yet. */
export interface Beginning {
  readonly network: ModelEntry;
  /** Of weights of images; null where they say nothing. */
  readonly preprocessing: ModelPreprocessing | null;
  /** The files of samples that it is to learn; null where it is to learn none. */
  readonly samples: readonly string[] | null;
  readonly signal?: AbortSignal | undefined;
}

/** Samples that are all of one size, which can be another one. */
export interface SampleSize<S> {
  of(settings: S): number;
  /** The same settings for samples of another size. */
  resized(settings: S, size: number): S;
  /** What a recipe of this size contradicts, as a field and what is wrong with it; null: nothing. */
  contradiction(settings: S, size: number): string | null;
}

/** A row of the table of inputs; `S` are its settings, plain data that checkpoints and runs keep. */
export interface InputRow<S> {
  /** How the files of samples are told, and what they are called. */
  readonly files: SampleFiles;
  /** The fields of a recipe that only samples of this kind have something for; absent: none. */
  readonly fields?: readonly string[];
  /** The settings of a new network. Throws AttuneError 'usage' where they follow from samples and there are none. */
  begin(beginning: Beginning): Promise<S>;
  /** What a network for samples of these settings is made with. */
  networkOptions?(settings: S): ModelOptions;
  /** Checks settings of a file that may hold anything. Throws AttuneError 'input' naming `where`. */
  parse(settings: unknown, where: string): S;
  create(settings: S): Input;
  /** Opens what holds the samples of a run. Close it. Throws AttuneError 'disk'. */
  open(settings: S, options: StoreOptions): Promise<SampleStore>;
  /** Samples of files, read when they are asked for. Close them. */
  openFiles(paths: readonly string[], settings: S, workers: number | undefined): FileSamples;
  /** The size of its samples, which a recipe may ask for (`image_size`); absent: they have none. */
  readonly size?: SampleSize<S>;
  /** What is done to a sample before the network sees it, for people. */
  describe(settings: S): string;
}
