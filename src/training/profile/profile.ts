/**
 * What the first steps of the full stage spend their time with: on this thread, in the threads that prepare images, and
 * on the device. For `finetune --profile`: trace.ts makes a picture of it, summary.ts the numbers.
 */
import type { Device, ObservedRun } from '../../program/device.js';
import type { RunContext } from '../../recipe/options.js';
import type { ProfileSummary } from '../../recipe/results.js';
import { RUN_FILES, writePieces } from '../../runs/run-folder.js';
import type { HostSpan, HostWork, LoaderWork, Recorded } from './recorded.js';
import { summarizeProfile } from './summary.js';
import { tracePieces } from './trace.js';

/** Steps after which a profile ends, where nothing else is asked for. */
export const PROFILE_STEPS = 50;
/** Launches after which it ends in any case: a trace of more takes the programs that show it too long. */
const MOST_LAUNCHES = 100_000;
/** Steps that compile: they are in the trace and do not count, where there are others. */
const WARM_UP_STEPS = 3;

export class Profile {
  private readonly device: Device;
  private readonly folder: string;
  private readonly most: number;
  private readonly onEvent: RunContext['onEvent'];
  private readonly host: HostSpan[] = [];
  private readonly loader: LoaderWork[] = [];
  private loaderThreads = 0;
  private readonly runs: ObservedRun[] = [];
  private readonly steps: number[] = [];
  private began = 0;
  private launches = 0;
  private writing: Promise<void> | null = null;
  /** Null before the end, and where no step was finished. */
  summary: ProfileSummary | null = null;

  /** Begins with `batches`. Ends after `steps` steps, or when `end` is called. */
  constructor(device: Device, folder: string, steps: number, { onEvent }: Pick<RunContext, 'onEvent'>) {
    this.device = device;
    this.folder = folder;
    this.most = steps;
    this.onEvent = onEvent;
  }

  /** For the pool of the loader. */
  readonly loaderWork = (work: LoaderWork): void => {
    // Before the first batch of the epoch others may use the pool.
    if (this.began > 0 && this.writing === null) this.loader.push(work);
  };

  /** Does `work`, and notes how long it took; of a promise, until it has settled. */
  time<T>(name: HostWork, work: () => T): T {
    if (this.writing !== null) return work();
    const begin = performance.now();
    const note = () => {
      if (this.writing === null) this.host.push({ name, begin, end: performance.now() });
    };
    const result = work();
    if (result instanceof Promise) result.then(note, note);
    else note();
    return result;
  }

  /** The same batches, which so many threads prepare; how long each was waited for is noted. */
  async *batches<T>(
    batches: AsyncGenerator<T, void, undefined>,
    threads: number,
  ): AsyncGenerator<T, void, undefined> {
    this.loaderThreads = threads;
    this.begin();
    try {
      for (;;) {
        const { value, done } = await this.time('wait for data', () => batches.next());
        if (done) return;
        yield value;
      }
    } finally {
      await batches.return();
    }
  }

  /** A step has its results. */
  stepFinished(): void {
    if (this.writing !== null) return;
    this.steps.push(performance.now());
    if (this.steps.length >= this.most || this.launches >= MOST_LAUNCHES) this.stop();
  }

  /** Ends the profile where it has not ended; the trace is on the disk afterwards. Throws AttuneError 'disk'. */
  async end(): Promise<void> {
    this.stop();
    await this.writing;
  }

  private begin(): void {
    if (this.began > 0) return;
    this.began = performance.now();
    this.device.observe((run) => {
      if (this.writing !== null || run.program.launches === 0) return;
      this.runs.push(run);
      this.launches += run.launches?.length ?? 1;
    });
  }

  private stop(): void {
    if (this.writing !== null) return;
    this.device.observe(null);
    this.writing = this.write();
    // Thrown by `end`; until then a failure must not end the process.
    this.writing.catch(() => undefined);
  }

  private async write(): Promise<void> {
    const { device, loaderThreads, began } = this;
    // Taken out, so that it is gone when it is written: the training goes on for hours.
    const host = this.host.splice(0);
    const loader = this.loader.splice(0);
    const runs = this.runs.splice(0);
    const steps = this.steps.splice(0);
    if (steps.length === 0) return;
    const warmUp = steps.length > WARM_UP_STEPS ? WARM_UP_STEPS : 0;
    const recorded: Recorded = { device, host, loader, loaderThreads, runs, began, steps, warmUp };
    await writePieces(this.folder, RUN_FILES.trace, tracePieces(recorded));
    this.summary = summarizeProfile(recorded, this.folder);
    const { steps: counted } = this.summary;
    this.onEvent?.({
      type: 'note',
      text: `Profiled ${counted} ${counted === 1 ? 'step' : 'steps'}; the trace opens in ui.perfetto.dev: ${this.summary.trace}`,
    });
  }
}

/** `work()`, timed where there is a profile. */
export function timed<T>(profile: Profile | undefined, name: HostWork, work: () => T): T {
  return profile === undefined ? work() : profile.time(name, work);
}
