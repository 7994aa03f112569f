/** Mutants that no test can kill because they compute the same, each with the reason: survivors.json. */
import { readFileSync } from 'node:fs';

export interface Survivor {
  readonly file: string;
  /** The line as it is, without indentation. */
  readonly line: string;
  /** The line as the mutant has it. */
  readonly mutant: string;
  /** Why nothing can tell the two apart. */
  readonly why: string;
}

export function readSurvivors(root: string): Survivor[] {
  return JSON.parse(readFileSync(`${root}/test/mutants/survivors.json`, 'utf8'));
}
