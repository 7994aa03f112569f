/**
 * A profile as a Chrome trace: a JSON array of complete events, each with its begin and its length in microseconds, as
 * ui.perfetto.dev and chrome://tracing read it ("Trace Event Format", JSON Array Format), in the order of their begins.
 * Three processes stand under each other: this thread, the threads that prepare images, and the device.
 */
import type { LaunchTime } from '../../device/backend.js';
import type { ObservedRun } from '../../program/device.js';
import type { Recorded } from './recorded.js';
import { busyStretches, clockOffset, placeLaunch, type Stretch } from './summary.js';

const HOST = 1;
const LOADER = 2;
const DEVICE = 3;
/** Threads of the first and the last. */
const WORK = 1;
const STEPS = 2;

/**
 * The trace piece by piece, an event a line. An event is made when its turn comes: a hundred thousand of them at once
 * would take ten times the memory of what was recorded, beside a training that has filled what there is.
 */
export function* tracePieces(recorded: Recorded): Generator<string, void, undefined> {
  let before = '[\n';
  for (const event of metadata(recorded)) {
    yield before + JSON.stringify(event);
    before = ',\n';
  }
  for (const event of inOrder([...hostEvents(recorded), loaderEvents(recorded), ...deviceEvents(recorded)])) {
    yield before + JSON.stringify(event);
  }
  yield '\n]\n';
}

/** How the times of the device were measured, for whoever reads the trace. */
export function deviceClock({ device, runs }: Pick<Recorded, 'device' | 'runs'>): string {
  if (runs.every(({ launches }) => launches === null)) {
    return 'no timestamps: from submit to the fence behind it';
  }
  return device.info.kind === 'cpu'
    ? 'launches by the clock of the computing thread'
    : 'launches by timestamp queries';
}

function metadata(recorded: Recorded): object[] {
  const { device, loader, steps, warmUp } = recorded;
  const { kind, adapter, software } = device.info;
  const name = (what: string, pid: number, args: object, tid = 0) => ({
    ph: 'M',
    name: what,
    pid,
    tid,
    args,
  });
  const process = (pid: number, text: string, labels: string) => [
    name('process_name', pid, { name: text }),
    name('process_labels', pid, { labels }),
    name('process_sort_index', pid, { sort_index: pid }),
  ];
  const lanes = loader.reduce((most, { lane }) => Math.max(most, lane + 1), 0);
  return [
    ...process(HOST, 'host', `${steps.length} steps, the first ${warmUp} of them compile`),
    name('thread_name', HOST, { name: 'training loop' }, WORK),
    name('thread_name', HOST, { name: 'steps' }, STEPS),
    ...process(LOADER, 'loader', 'images are read and augmented'),
    ...Array.from({ length: lanes }, (_, lane) =>
      name('thread_name', LOADER, { name: `worker ${lane + 1}` }, lane + 1),
    ),
    ...process(DEVICE, `device: ${adapter} (${kind}${software ? ', software' : ''})`, deviceClock(recorded)),
    name('thread_name', DEVICE, { name: 'runs' }, STEPS),
    name('thread_name', DEVICE, { name: 'launches' }, WORK),
  ];
}

interface Place {
  readonly pid: number;
  readonly tid: number;
}

interface CompleteEvent extends Place {
  readonly ph: 'X';
  readonly name: string;
  /** Microseconds from the begin of the profile, and its length in microseconds. */
  readonly ts: number;
  readonly dur: number;
  readonly args: object;
}

function complete(
  { began }: Recorded,
  name: string,
  { begin, end }: Stretch,
  place: Place,
  args: object,
): CompleteEvent {
  const round = (milliseconds: number) => Math.round(milliseconds * 1e6) / 1e3;
  return { ph: 'X', name, ts: round(begin - began), dur: round(Math.max(0, end - begin)), ...place, args };
}

/** Events of one track, in the order of their begins. */
type Track = Iterator<CompleteEvent, void>;

/** The events of all tracks in the order of their begins; where several begin together, the earlier track's first. */
function* inOrder(tracks: readonly Track[]): Generator<CompleteEvent, void, undefined> {
  const next = tracks.map((track) => track.next().value);
  for (;;) {
    let first = -1;
    for (const [i, event] of next.entries()) {
      if (event && (first < 0 || event.ts < (next[first] as CompleteEvent).ts)) first = i;
    }
    if (first < 0) return;
    yield next[first] as CompleteEvent;
    next[first] = tracks[first].next().value;
  }
}

/** An event for each item, made when it is asked for. */
function* eventsOf<Item>(items: Iterable<Item>, event: (item: Item, i: number) => CompleteEvent): Track {
  let i = 0;
  for (const item of items) yield event(item, i++);
}

function byBegin<Item extends { readonly begin: number }>(items: readonly Item[]): Item[] {
  return [...items].sort((a, b) => a.begin - b.begin);
}

function hostEvents(recorded: Recorded): Track[] {
  const { host, steps, began, warmUp } = recorded;
  return [
    eventsOf(byBegin(host), (span) => complete(recorded, span.name, span, { pid: HOST, tid: WORK }, {})),
    eventsOf(steps, (end, i) => {
      const stretch = { begin: steps[i - 1] ?? began, end };
      return complete(recorded, `step ${i + 1}`, stretch, { pid: HOST, tid: STEPS }, { counts: i >= warmUp });
    }),
  ];
}

function loaderEvents(recorded: Recorded): Track {
  return eventsOf(byBegin(recorded.loader), (work) =>
    complete(recorded, work.kind, work, { pid: LOADER, tid: work.lane + 1 }, { path: work.path }),
  );
}

function deviceEvents(recorded: Recorded): Track[] {
  const { runs } = recorded;
  const offset = clockOffset(recorded);
  const launches = byBegin(runs.flatMap((run) => run.launches ?? []));
  return [
    eventsOf(busyStretches(recorded), (stretch, i) =>
      complete(recorded, 'run', stretch, { pid: DEVICE, tid: STEPS }, argumentsOf(runs[i])),
    ),
    eventsOf(launches, (launch) => {
      const args = { variant: launch.variant, ...sizesOf(launch) };
      return complete(recorded, launch.kernel, placeLaunch(launch, offset), { pid: DEVICE, tid: WORK }, args);
    }),
  ];
}

function argumentsOf({ program, queued, ended }: ObservedRun): object {
  return { ...program, milliseconds_queued_to_known_end: ended - queued };
}

/** The numbers among the attributes: sizes and strides. */
function sizesOf({ attributes }: LaunchTime): object {
  return Object.fromEntries(
    Object.entries(attributes as object).filter(([, value]) => typeof value === 'number'),
  );
}
