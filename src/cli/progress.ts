/**
 * How far long work is: one line that redraws itself in a terminal; elsewhere (a log, a pipe) plain lines, few enough
 * to read. Always on standard error.
 */
import { type Options, SingleBar } from 'cli-progress';
import { formatBytes } from '../inputs/disk.js';
import type { RunEvent } from '../recipe/events.js';
import { columnsOf, type Output } from './output.js';
import { count, displayWidth, duration, oneLine, shorten } from '../text.js';

export type ProgressState = Extract<RunEvent, { type: 'progress' }>;

export interface Progress {
  update(state: ProgressState): void;
  /** A line of text above the bar. */
  note(text: string): void;
  /** A line that says how the activity has ended, in place of its bar. */
  conclude(text: string): void;
  /** Call at the end, whether the work succeeded or not. */
  finish(): void;
}

/** Between two plain lines about the same activity, in milliseconds. */
const LINE_INTERVAL_MS = 10_000;
const FEWEST_BAR_COLUMNS = 8;
const MOST_BAR_COLUMNS = 30;

/** @param now milliseconds of a clock that only goes forward; for tests */
export function createProgress(output: Output, now: () => number = () => performance.now()): Progress {
  const redraws = output.stderr.isTTY === true && process.env['TERM'] !== 'dumb';
  return redraws ? new ProgressBar(output) : new ProgressLines(output, now);
}

/** `180 of 400, loss 0.31, 12 s left` */
export function describeProgress(state: ProgressState): string {
  const { amount, details, left } = figuresOf(state);
  return joined([amount, ...details, left]);
}

/** What is known of an activity beside its share, in words; what is not known is empty. */
function figuresOf({ done, total, secondsLeft, detail = '', unit }: ProgressState) {
  const amount = unit === 'bytes' ? formatBytes : count;
  return {
    amount: total === null ? amount(done) : `${amount(done)} of ${amount(total)}`,
    details: oneLine(detail).split(', '),
    left: secondsLeft !== null && done !== total ? `${duration(secondsLeft)} left` : '',
  };
}

function joined(texts: readonly string[]): string {
  return texts.filter((text) => text !== '').join(', ');
}

function percentDone({ done, total }: ProgressState): string {
  return total === null || total === 0 ? '' : `${Math.floor((100 * done) / total)} %`;
}

class ProgressLines implements Progress {
  readonly #output: Output;
  readonly #now: () => number;
  #activity: string | null = null;
  #printedAt = 0;
  #unprinted: ProgressState | null = null;

  constructor(output: Output, now: () => number) {
    this.#output = output;
    this.#now = now;
  }

  update(state: ProgressState): void {
    const begins = state.task !== this.#activity;
    if (begins) this.finish();
    this.#activity = state.task;
    const due = begins || state.done === state.total || this.#now() - this.#printedAt >= LINE_INTERVAL_MS;
    if (due) this.#print(state);
    else this.#unprinted = state;
  }

  note(text: string): void {
    this.#output.note(text);
  }

  conclude(text: string): void {
    this.#unprinted = null;
    this.#activity = null;
    this.#output.note(text);
  }

  /** The last that is known of an activity is always printed. */
  finish(): void {
    if (this.#unprinted !== null) this.#print(this.#unprinted);
    this.#activity = null;
  }

  #print(state: ProgressState): void {
    const share = percentDone(state);
    this.#output.note(`${oneLine(state.task)}: ${share && `${share}, `}${describeProgress(state)}`);
    this.#printedAt = this.#now();
    this.#unprinted = null;
  }
}

class ProgressBar implements Progress {
  readonly #output: Output;
  /** The state of the activity; null between two. */
  #state: ProgressState | null = null;
  #bar: SingleBar | null = null;

  constructor(output: Output) {
    this.#output = output;
  }

  update(state: ProgressState): void {
    if (state.task !== this.#state?.task) this.finish();
    this.#state = state;
    if (this.#bar === null) this.#draw(state);
    this.#bar?.update(state.done, { state });
  }

  note(text: string): void {
    if (this.#state !== null && this.#state.done === this.#state.total) this.finish();
    this.#erase();
    this.#output.note(text);
    if (this.#state !== null) this.#draw(this.#state);
  }

  conclude(text: string): void {
    this.#erase();
    this.#state = null;
    this.#output.note(text);
  }

  /** The last state of an activity stays on the screen. */
  finish(): void {
    this.#erase();
    if (this.#state !== null) this.#output.stderr.write(`${this.#line(this.#state)}\n`);
    this.#state = null;
  }

  #draw(state: ProgressState): void {
    // The total is only needed for the library's own figures, which this format does not use.
    this.#bar = new SingleBar(this.#options());
    this.#bar.start(state.total ?? 0, state.done, { state });
  }

  #erase(): void {
    this.#bar?.stop();
    this.#bar = null;
  }

  #options(): Options {
    return {
      stream: this.#output.stderr as unknown as NodeJS.WritableStream,
      clearOnComplete: true,
      // The terminal is left as it is, so that nothing has to be restored if the process ends.
      hideCursor: false,
      linewrap: true,
      format: (_options, _params, { state }: { state: ProgressState }) => this.#line(state),
    };
  }

  #line(state: ProgressState): string {
    return barLine(state, columnsOf(this.#output.stderr));
  }
}

/**
 * One line of at most `columns`: the activity, a bar in the space that is left, and the figures. Where they do not all fit,
 * the last of the details go first, then the amount; the time that is left is what a person waits for, and goes last.
 */
export function barLine(state: ProgressState, columns: number): string {
  const most = columns - 1;
  const activity = oneLine(state.task);
  const share = percentDone(state).padStart(5);
  const lineOf = (bar: string, figures: string) =>
    [activity, bar, share, figures].filter((text) => text !== '').join('  ');
  const all = figuresByLength(state);
  const least = state.total === null ? '' : drawBar(state, FEWEST_BAR_COLUMNS);
  const fits = (bar: string) => all.find((figures) => displayWidth(lineOf(bar, figures)) <= most);
  const figures = fits(least);
  if (figures === undefined) return shorten(lineOf('', fits('') ?? all[all.length - 1]), most);
  if (state.total === null) return lineOf('', figures);
  const space = most - displayWidth(lineOf(least, figures)) + FEWEST_BAR_COLUMNS;
  return lineOf(drawBar(state, Math.min(MOST_BAR_COLUMNS, space)), figures);
}

/** The figures of an activity in fewer and fewer words. */
function figuresByLength(state: ProgressState): string[] {
  const { amount, details, left } = figuresOf(state);
  const fewer = details.map((_, i) => joined([amount, ...details.slice(0, details.length - i), left]));
  return [...fewer, joined([amount, left]), ...(left === '' ? [] : [left])];
}

function drawBar({ done, total }: ProgressState, width: number): string {
  const filled = total === null || total === 0 ? 0 : Math.floor((width * Math.min(done, total)) / total);
  return '█'.repeat(filled) + '░'.repeat(width - filled);
}
