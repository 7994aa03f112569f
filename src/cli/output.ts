/**
 * The two standard streams. Results go to standard output, as text or as one JSON document; whatever tells of the
 * work in between goes to standard error. Names, messages and texts from outside come from everywhere; here, and nowhere
 * else, all that is written is freed of what a terminal would obey.
 */

import { randomUUID } from 'node:crypto';
import { harmless, wrap } from '../text.js';

/** What is needed of a stream; a test passes its own. */
export interface Sink {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  /** Whether to use colours: Node answers for NO_COLOR, FORCE_COLOR and TERM. */
  hasColors?(): boolean;
}

/** Columns of what is no terminal, and of one that does not know its width: such a one says 0. */
const COLUMNS = 80;

/** Columns of a stream. */
export function columnsOf({ columns }: Sink): number {
  return columns || COLUMNS;
}

/** Emphasis where a terminal shows it, else nothing. */
export interface Paint {
  bold(text: string): string;
  good(text: string): string;
  bad(text: string): string;
}

export class Output {
  readonly #stdout: Sink;
  readonly stderr: Sink;
  /** Emphasis for standard output. */
  readonly paint: Paint;

  constructor(stdout: Sink, stderr: Sink) {
    this.#stdout = stdout;
    this.stderr = stderr;
    this.paint = paintFor(stdout);
  }

  /** Columns of standard output. */
  get columns(): number {
    return columnsOf(this.#stdout);
  }

  /** Writes lines of a result, and lists of lines. */
  print(...given: readonly (string | readonly string[])[]): void {
    const lines = given.flat();
    if (lines.length > 0) this.#stdout.write(`${harmless(lines.join('\n')).replaceAll(ESCAPE, '\x1b')}\n`);
  }

  /** Writes the one document of `--json`. What is not a finite number becomes null. */
  json(document: unknown): void {
    // Such characters stand in texts alone, where JSON takes them in this way, too.
    this.#stdout.write(`${harmless(JSON.stringify(document))}\n`);
  }

  /** Writes a line for the person who waits; a terminal would break it anywhere, here it breaks between words. */
  note(text: string): void {
    const isTerminal = this.stderr.isTTY === true;
    const shown = harmless(text);
    this.stderr.write(`${isTerminal ? wrap(shown, columnsOf(this.stderr)) : shown}\n`);
  }
}

/** Stands for the escape character of our own emphasis, which no text from outside can know. */
const ESCAPE = randomUUID();

function paintFor(sink: Sink): Paint {
  const colours = sink.isTTY === true && sink.hasColors?.() === true;
  const style = (start: number, end: number) => (text: string) =>
    colours ? `${ESCAPE}[${start}m${text}${ESCAPE}[${end}m` : text;
  return { bold: style(1, 22), good: style(32, 39), bad: style(31, 39) };
}
