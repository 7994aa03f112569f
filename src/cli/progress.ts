/**
 * How far long work is: one line that redraws itself in a terminal; elsewhere (a log, a pipe) plain lines, few enough
 * to read. Always on standard error.
 */
import { type Options, SingleBar } from 'cli-progress';
import { formatBytes } from '../data/disk.js';
import type { RunEvent } from '../finetune/events.js';
import type { Sink } from './output.js';
import { count, displayWidth, duration, oneLine, shorten } from './text.js';

export type ProgressState = Extract<RunEvent, { type: 'progress' }>;

export interface Progress {
  update(state: ProgressState): void;
  /** A line of text above the bar. */
  note(text: string): void;
  /** Call at the end, whether the work succeeded or not. */
  finish(): void;
}

/** Between two plain lines about the same task, in milliseconds. */
const LINE_INTERVAL_MS = 10_000;
const FEWEST_BAR_COLUMNS = 10;
const MOST_BAR_COLUMNS = 30;

/** @param now milliseconds of a clock; for tests */
export function createProgress(stream: Sink, now: () => number = Date.now): Progress {
  return stream.isTTY === true && process.env['TERM'] !== 'dumb'
    ? new ProgressBar(stream)
    : new ProgressLines(stream, now);
}

/** `45 %  180 of 400, 12 s left, loss 0.31` without the percentage. */
export function describeProgress({ done, total, secondsLeft, detail, unit }: ProgressState): string {
  const amount = unit === 'bytes' ? formatBytes : count;
  const parts = [total === null ? amount(done) : `${amount(done)} of ${amount(total)}`];
  if (detail !== undefined && detail !== '') parts.push(oneLine(detail));
  if (secondsLeft !== null && done !== total) parts.push(`${duration(secondsLeft)} left`);
  return parts.join(', ');
}

function percentDone({ done, total }: ProgressState): string {
  return total === null || total === 0 ? '' : `${Math.floor((100 * done) / total)} %`;
}

class ProgressLines implements Progress {
  readonly #stream: Sink;
  readonly #now: () => number;
  #task: string | null = null;
  #printedAt = 0;
  #unprinted: ProgressState | null = null;

  constructor(stream: Sink, now: () => number) {
    this.#stream = stream;
    this.#now = now;
  }

  update(state: ProgressState): void {
    const begins = state.task !== this.#task;
    if (begins) this.finish();
    this.#task = state.task;
    const due = begins || state.done === state.total || this.#now() - this.#printedAt >= LINE_INTERVAL_MS;
    if (due) this.#print(state);
    else this.#unprinted = state;
  }

  note(text: string): void {
    this.#stream.write(`${text}\n`);
  }

  /** The last that is known of a task is always printed. */
  finish(): void {
    if (this.#unprinted !== null) this.#print(this.#unprinted);
    this.#task = null;
  }

  #print(state: ProgressState): void {
    const share = percentDone(state);
    this.#stream.write(`${oneLine(state.task)}: ${share && `${share}, `}${describeProgress(state)}\n`);
    this.#printedAt = this.#now();
    this.#unprinted = null;
  }
}

class ProgressBar implements Progress {
  readonly #stream: Sink;
  #task: string | null = null;
  #bar: SingleBar | null = null;

  constructor(stream: Sink) {
    this.#stream = stream;
  }

  update(state: ProgressState): void {
    if (state.task !== this.#task) {
      this.finish();
      this.#task = state.task;
      this.#bar = new SingleBar(this.#options());
      this.#bar.start(state.total ?? 0, state.done, { state });
    } else if (this.#bar !== null) {
      if (state.total !== null) this.#bar.setTotal(state.total);
      this.#bar.update(state.done, { state });
    }
  }

  note(text: string): void {
    // Over the bar, which is drawn again below it.
    this.#stream.write(this.#bar === null ? `${text}\n` : `\r\x1b[K${text}\n`);
    this.#bar?.render();
  }

  finish(): void {
    this.#bar?.stop();
    this.#bar = null;
    this.#task = null;
  }

  #options(): Options {
    return {
      stream: this.#stream as NodeJS.WritableStream,
      hideCursor: true,
      forceRedraw: true,
      format: (_options, _params, { state }: { state: ProgressState }) =>
        barLine(state, this.#stream.columns ?? 80),
    };
  }
}

/** One line of at most `columns`: the task, a bar in the space that is left, and the figures. */
export function barLine(state: ProgressState, columns: number): string {
  const task = oneLine(state.task);
  const share = percentDone(state).padStart(5);
  const figures = describeProgress(state);
  const space = columns - 1 - displayWidth(`${task}  ${share}  ${figures}`) - 2;
  const width = Math.min(MOST_BAR_COLUMNS, space);
  const bar = state.total === null || width < FEWEST_BAR_COLUMNS ? '' : `${drawBar(state, width)}  `;
  return shorten(`${task}  ${bar}${share}  ${figures}`, columns - 1);
}

function drawBar({ done, total }: ProgressState, width: number): string {
  const filled = total === null || total === 0 ? 0 : Math.floor((width * Math.min(done, total)) / total);
  return '█'.repeat(filled) + '░'.repeat(width - filled);
}
