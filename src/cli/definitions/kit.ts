/** What the definition of a command is made with. */
import type { Command } from 'commander';
import type { CommonOptions } from '../flags.js';
import type { Output } from '../output.js';

/** What the definition of a command needs. */
export interface Kit {
  readonly output: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Adds a command with the flags that all have. */
  add(definition: Definition): Command;
  /** Whether the command line names it; else all that is shown of it is its summary. */
  isAsked(command: Command): boolean;
  /** Says what a command does; `run` resolves with the exit code. */
  act<T>(command: Command, run: (options: T & CommonOptions, json: boolean) => Promise<number>): void;
}

export interface Definition {
  readonly name: string;
  /** Arguments as commander reads them: `<data>`, `[paths...]`. */
  readonly words?: string;
  /** What to write behind the name, one way per line. Default: `words`. */
  readonly synopsis?: readonly string[];
  readonly summary: string;
  /** What the help says below the usage; default: the summary. */
  readonly description?: string;
  readonly example: string;
}
