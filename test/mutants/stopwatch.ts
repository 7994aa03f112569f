/**
 * The time of a process without what a busy machine takes from it: the processor time that it uses, and the time in
 * which none of its threads wants a processor (it waits for a device, a timer, or for ever). Where the system does
 * not say (Linux does), it is the time by the clock.
 */
import { readdirSync, readFileSync } from 'node:fs';

/** What Linux says of a process. */
interface Usage {
  /** Processor time of all threads so far, in seconds. */
  readonly processor: number;
  /** Whether a thread runs, waits for a processor or for a disk, or is stopped. */
  readonly wantsProcessor: boolean;
}

export class Stopwatch {
  private readonly pid: number | undefined;
  private clock = clockSeconds();
  private processor = 0;
  private seconds = 0;

  constructor(pid: number | undefined) {
    this.pid = pid;
  }

  /** Seconds since `restart`. Waiting is noticed at the times at which this is called. */
  read(): number {
    const usage = usageOf(this.pid);
    const now = clockSeconds();
    const passed = now - this.clock;
    this.clock = now;
    if (usage === null) this.seconds += passed;
    else {
      const used = usage.processor - this.processor;
      this.processor = usage.processor;
      this.seconds += usage.wantsProcessor ? used : Math.max(used, passed);
    }
    return this.seconds;
  }

  restart(): void {
    this.read();
    this.seconds = 0;
  }
}

const clockSeconds = () => performance.now() / 1000;

function usageOf(pid: number | undefined): Usage | null {
  const folder = `/proc/${pid}`;
  try {
    // Fields 14 and 15 are user and system time in hundredths of a second: proc(5).
    const [user, system] = fieldsOf(folder).slice(11, 13).map(Number);
    const wantsProcessor = readdirSync(`${folder}/task`).some((thread) => {
      try {
        return 'RDTt'.includes(fieldsOf(`${folder}/task/${thread}`)[0]);
      } catch {
        return false; // It has just ended.
      }
    });
    return { processor: (user + system) / 100, wantsProcessor };
  } catch {
    return null;
  }
}

/** What stands behind the name of the program, which is in brackets: from the third field on, the state. */
const fieldsOf = (folder: string) =>
  readFileSync(`${folder}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
