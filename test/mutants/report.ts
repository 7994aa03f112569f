/**
 * Judged mutants in a file of JSON lines, so that a long run can be made of parts. A mutant that an earlier part
 * killed (or that is no program) is not tried again while its source is as it was; one that survived is.
 */
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Kind } from './operators.js';
import type { Mutant } from './select.js';

export type Outcome = 'killed' | 'argued' | 'survived' | 'invalid';

/** What became of a mutant. */
export interface Verdict {
  readonly outcome: Outcome;
  /** What killed it, or why it is no program. */
  readonly reason: string;
}

export interface Judged extends Verdict {
  readonly mutant: Mutant;
}

/** A line of the file. */
interface Entry extends Verdict {
  readonly file: string;
  /** Hash of the unchanged source. */
  readonly source: string;
  readonly kind: Kind;
  /** Offset of the change in the source. */
  readonly start: number;
  readonly line: string;
  readonly mutant: string;
}

/** Of a reason, this many first characters are kept. */
const MOST_CHARACTERS = 500;

export class Report {
  private readonly path: string | undefined;
  private readonly verdicts = new Map<string, Verdict>();

  /** @param path the file; without one nothing is kept */
  constructor(path?: string) {
    this.path = path;
    if (path === undefined || !existsSync(path)) return;
    const text = readFileSync(path, 'utf8');
    // A part that was cut off may have left half a line.
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    if (whole !== text) writeFileSync(path, whole);
    for (const line of whole.split('\n').slice(0, -1)) {
      const entry: Entry = JSON.parse(line);
      this.verdicts.set(keyOf(entry), { outcome: entry.outcome, reason: entry.reason });
    }
  }

  /** What an earlier part found that needs no second look. */
  settled(mutant: Mutant): Verdict | undefined {
    const verdict = this.verdicts.get(keyOf(entryOf(mutant)));
    return verdict?.outcome === 'killed' || verdict?.outcome === 'invalid' ? verdict : undefined;
  }

  add({ mutant, outcome, reason }: Judged): void {
    if (this.path === undefined) return;
    const entry: Entry = { ...entryOf(mutant), outcome, reason: reason.slice(0, MOST_CHARACTERS) };
    appendFileSync(this.path, `${JSON.stringify(entry)}\n`);
  }
}

const keyOf = ({ file, source, kind, start, mutant }: Omit<Entry, keyof Verdict>) =>
  JSON.stringify([file, source, kind, start, mutant]);

function entryOf({ target, kind, start, line, mutant }: Mutant): Omit<Entry, keyof Verdict> {
  const source = createHash('sha256').update(target.source).digest('hex').slice(0, 16);
  return { file: target.name, source, kind, start, line, mutant };
}
