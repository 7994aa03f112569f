/**
 * The event files of a run folder: one for each process that worked on the run. TensorBoard reads files only forward, also
 * while they grow, so a run that goes on begins a new one.
 *
 * What the state of the run does not know has not happened: the state says how long the file was when it was saved. A run
 * that goes on cuts the file back to that, so that nothing is there twice for whoever reads the files later; and its own
 * file begins with a mark by which a TensorBoard that has them open forgets what was cut.
 */
import { maxOf } from '../extremes.js';
import { hostname } from 'node:os';
import { join } from 'node:path';
import {
  createGrowingFile,
  cutFile,
  type Encoded,
  type GrowingFile,
  namesIn,
  sessionStartRecord,
  summaryRecord,
  versionRecord,
} from '../formats/index.js';

/** The last event file of a run, and how much of it belongs to the state. */
export interface LogPosition {
  readonly file: string;
  readonly bytes: number;
}

const WRITER = 'attune';
/** What a person who watches waits for at most, in milliseconds. */
const FLUSH_INTERVAL = 5_000;

/** The name of an event file, and in it the second at which it was begun. */
export const EVENT_FILE = /^events\.out\.tfevents\.(\d+)\.[\w.-]+$/;

export class EventLog {
  private readonly name: string;
  private readonly file: GrowingFile;
  private readonly now: () => number;
  private pending: Uint8Array[] = [];
  private written = 0;
  private flushedAt: number;

  /** @param now milliseconds since 1970; for tests */
  private constructor(name: string, file: GrowingFile, now: () => number) {
    this.name = name;
    this.file = file;
    this.now = now;
    this.flushedAt = performance.now();
  }

  /**
   * Begins the file of this process. Close it. Throws AttuneError 'disk'.
   * @param before where a process before it has stopped, at a step; null for the first
   */
  static async open(
    folder: string,
    before: { readonly position: LogPosition; readonly step: number } | null,
    now: () => number = Date.now,
  ): Promise<EventLog> {
    if (before !== null) await cutBack(folder, before.position);
    const name = await nextName(folder, now());
    const log = new EventLog(name, await createGrowingFile(join(folder, name)), now);
    log.pending.push(versionRecord(log.wallTime, WRITER));
    if (before !== null) log.pending.push(sessionStartRecord(log.wallTime, before.step + 1));
    return log;
  }

  /** Seconds since 1970. */
  get wallTime(): number {
    return this.now() / 1000;
  }

  /** Values of a step; they are written soon. */
  add(step: number, values: readonly Encoded[]): void {
    if (values.length > 0) this.pending.push(summaryRecord(this.wallTime, step, values));
  }

  /** Writes what was added, if the last time is long enough ago. Throws AttuneError 'disk'. */
  async flushIfDue(): Promise<void> {
    if (performance.now() - this.flushedAt >= FLUSH_INTERVAL) await this.flush();
  }

  /** Writes what was added, and flushes the file to the disk: what the state may refer to. Throws AttuneError 'disk'. */
  async commit(): Promise<LogPosition> {
    await this.flush();
    await this.file.sync();
    return { file: this.name, bytes: this.written };
  }

  async close(): Promise<void> {
    await this.file.close();
  }

  private async flush(): Promise<void> {
    const records = this.pending;
    this.pending = [];
    // Not by the time of day, which may be set back.
    this.flushedAt = performance.now();
    for (const record of records) {
      await this.file.append(record);
      this.written += record.length;
    }
  }
}

/** Cuts what the state does not know: its file behind so many bytes, and all of the files begun since then. */
async function cutBack(folder: string, { file, bytes }: LogPosition): Promise<void> {
  for (const name of await namesIn(folder)) {
    if (name === file) await cutFile(join(folder, name), bytes);
    else if (secondOf(name) > secondOf(file)) await cutFile(join(folder, name), 0);
  }
}

/** When an event file was begun, by its name; nothing is before any other file. */
function secondOf(name: string): number {
  return Number(EVENT_FILE.exec(name)?.[1] ?? Number.NEGATIVE_INFINITY);
}

/** A name behind those that are there: by their order TensorBoard reads them. */
async function nextName(folder: string, now: number): Promise<string> {
  const seconds = (await namesIn(folder)).map(secondOf);
  const second = maxOf(
    seconds.map((value) => value + 1),
    Math.floor(now / 1000),
  );
  return `events.out.tfevents.${second}.${hostname().replace(/[^\w.-]/g, '_') || 'localhost'}`;
}
