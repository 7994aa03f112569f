/**
 * The states of a run on the disk: the last one, the one before it, and `manifest.json`, which says how long each is, its
 * SHA-256, and how far the run was.
 *
 * A save writes, each step flushed to the disk before the next begins:
 *
 * 1. the new state under a name of its own;
 * 2. the manifest, which now lists the new state, the last one and the one before;
 * 3. the last state a second time, as the previous one: a hard link in its place;
 * 4. the new state in the place of the last.
 *
 * A state is known by its sum, not by its name. So wherever a crash comes, each of the two names stands for a whole state
 * that the manifest lists.
 */
import { maxOf } from '../extremes.js';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { AttuneError } from '../errors.js';
import { keepAs, MOST_JSON, moveFile, openRegular, readRegularText } from '../formats/index.js';
import type { Network } from '../models/index.js';
import type { Optimizer } from '../optim/index.js';
import { Pauses } from '../pauses.js';
import { RUN_FILES, writeJson } from './run-folder.js';
import {
  assertRunFolder,
  noState,
  openRunState,
  type Progress,
  type RunState,
  type StoredRun,
  type Sum,
  writeRunState,
} from './run-state.js';

const count = v.pipe(v.number(), v.integer(), v.minValue(0));

const recordSchema = v.object({
  /** Where it is when a save has ended; absent for the third, which a save removes. */
  file: v.optional(v.string()),
  bytes: count,
  sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  epochs: count,
  batches: count,
  steps: count,
});

const manifestSchema = v.object({ states: v.pipe(v.array(recordSchema), v.minLength(1), v.maxLength(3)) });

type StateRecord = Readonly<v.InferOutput<typeof recordSchema>>;

/** The states that are kept of a run; `save` adds one. */
export class SavedStates {
  private readonly folder: string;
  /** The last one first; two at most. */
  private records: readonly StateRecord[];

  constructor(folder: string, records: readonly StateRecord[] = []) {
    this.folder = folder;
    this.records = records;
  }

  /** Writes a state; the others stand until it is on the disk. Throws AttuneError 'disk'. */
  async save(state: RunState, model: Network, optimizer: Optimizer): Promise<void> {
    const { folder } = this;
    const path = (name: keyof typeof RUN_FILES) => join(folder, RUN_FILES[name]);
    const sum = await writeRunState(path('next'), state, model, optimizer);
    const [last, before] = this.records;
    const record: StateRecord = { file: RUN_FILES.state, ...sum, ...positionOf(state.progress) };
    const states: StateRecord[] = [
      record,
      ...(last === undefined ? [] : [{ ...last, file: RUN_FILES.previous }]),
      ...(before === undefined ? [] : [{ ...before, file: undefined }]),
    ];
    await writeJson(folder, RUN_FILES.manifest, { states });
    // Gone where somebody has removed it: what was kept before it stays.
    if (last !== undefined && existsSync(path('state'))) await keepAs(path('state'), path('previous'));
    await moveFile(path('next'), path('state'));
    this.records = states.slice(0, 2);
  }

  /** Gives the last state the bytes of the previous one, from which the run goes on. Throws AttuneError 'disk'. */
  async goBack(): Promise<void> {
    const { folder } = this;
    await keepAs(join(folder, RUN_FILES.previous), join(folder, RUN_FILES.state));
  }
}

function positionOf({ epoch, batch, step }: Progress): Pick<StateRecord, 'epochs' | 'batches' | 'steps'> {
  return { epochs: epoch, batches: batch, steps: step };
}

/** A state that can be gone on from. */
export interface FoundState {
  /** Close its file. */
  readonly stored: StoredRun;
  readonly saved: SavedStates;
  /** Whether it is the one before the last. */
  readonly isPrevious: boolean;
  /** What was wrong with the last one or the manifest, as a sentence for people; null when nothing was. */
  readonly damage: string | null;
}

/** Whether there is a state in a folder, whole or not. */
export function hasState(folder: string): boolean {
  return [RUN_FILES.state, RUN_FILES.previous].some((name) => existsSync(join(folder, name)));
}

/** Throws AttuneError 'input' when there is no state in a folder. */
export async function assertRun(folder: string): Promise<void> {
  await assertRunFolder(folder);
  if (!hasState(folder)) throw noState(folder);
}

/**
 * Opens the last state of a run that is as it was saved. Throws AttuneError 'input' when there is none, 'weights' when both
 * are damaged, and what `openRunState` throws for one that is whole and cannot be used.
 */
export async function openSavedState(folder: string, signal?: AbortSignal): Promise<FoundState> {
  await assertRun(folder);
  const manifest = await readManifest(folder);
  const faults: Fault[] = [];
  for (const name of [RUN_FILES.state, RUN_FILES.previous]) {
    const found = await tryState(folder, name, manifest, signal);
    if ('fault' in found) {
      faults.push(found);
      continue;
    }
    const { stored, record } = found;
    const { step } = stored.state.progress;
    const isPrevious = name === RUN_FILES.previous;
    const damage = isPrevious ? lossText(faults[0], step, manifest) : unverifiedText(manifest);
    const at = manifest?.indexOf(record) ?? -1;
    // With the one before it, which the next save lists as long as it stands.
    const records = manifest === null || at < 0 ? [record] : manifest.slice(at, at + 2);
    return { stored, saved: new SavedStates(folder, records), isPrevious, damage };
  }
  throw bothDamaged(folder, faults, manifest);
}

/** Steps that the last whole state in a folder has. Throws as `openSavedState` does. */
export async function savedSteps(folder: string): Promise<number> {
  const { stored } = await openSavedState(folder);
  await stored.file.close();
  return stored.state.progress.step;
}

interface Fault {
  readonly name: string;
  readonly fault: string;
  readonly error?: AttuneError;
}

/** A state under a name: opened, or what is wrong with it. */
async function tryState(
  folder: string,
  name: string,
  manifest: readonly StateRecord[] | null,
  signal: AbortSignal | undefined,
): Promise<{ readonly stored: StoredRun; readonly record: StateRecord } | Fault> {
  const path = join(folder, name);
  const status = await lstat(path).catch(() => null);
  if (status === null || status.isDirectory()) return { name, fault: 'is missing' };
  const sum = await sumOf(path, signal).catch((error: NodeJS.ErrnoException) => {
    if (error instanceof AttuneError) throw error;
    return error;
  });
  if (sum instanceof Error) return { name, fault: `cannot be read, ${sum.code ?? sum.message}` };
  const record = manifest?.find(({ sha256, bytes }) => sha256 === sum.sha256 && bytes === sum.bytes);
  if (manifest !== null && record === undefined) {
    const [{ bytes }] = manifest;
    const isShort = manifest.every((known) => sum.bytes < known.bytes);
    const cut = `is cut short: it has ${sum.bytes} of ${bytes} bytes`;
    return { name, fault: isShort ? cut : 'has other bytes than were saved' };
  }
  try {
    const stored = await openRunState(folder, name, signal);
    return { stored, record: record ?? { file: name, ...sum, ...positionOf(stored.state.progress) } };
  } catch (error) {
    // With the bytes that were saved it is whole, and what is said of it is no damage.
    const isDamage = error instanceof AttuneError && error.code === 'weights';
    if (record !== undefined || !isDamage) throw error;
    return { name, fault: `is damaged, ${error.what}`, error };
  }
}

async function sumOf(path: string, signal: AbortSignal | undefined): Promise<Sum> {
  const pauses = new Pauses(signal);
  const hash = createHash('sha256');
  let bytes = 0;
  const file = await openRegular(path, 'refuse'); // which the stream closes
  for await (const piece of file.createReadStream({ highWaterMark: 2 ** 20 }) as AsyncIterable<Buffer>) {
    pauses.throwIfAborted();
    hash.update(piece);
    bytes += piece.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** What the manifest lists, the last state first; null where there is none, or a damaged one. */
async function readManifest(folder: string): Promise<readonly StateRecord[] | null> {
  const text = await readRegularText(join(folder, RUN_FILES.manifest), 'refuse').catch(() => '');
  const parsed = v.safeParse(v.pipe(v.string(), v.maxLength(MOST_JSON), v.parseJson(), manifestSchema), text);
  return parsed.success ? parsed.output.states : null;
}

function lossText({ name, fault }: Fault, step: number, manifest: readonly StateRecord[] | null): string {
  const most = maxOf((manifest ?? []).map(({ steps }) => steps));
  const lost = most - step;
  const what =
    manifest === null
      ? 'what was done since is lost'
      : lost === 0
        ? 'no step is lost'
        : `${lost} ${lost === 1 ? 'step' : 'steps'} after it ${lost === 1 ? 'is' : 'are'} lost, and done again`;
  return `${name} ${fault}. The run goes on from ${RUN_FILES.previous}, the state before it: ${what}.`;
}

function unverifiedText(manifest: readonly StateRecord[] | null): string | null {
  return manifest === null
    ? `${RUN_FILES.manifest} is missing or damaged, so that nothing tells whether ${RUN_FILES.state} is as it was saved.`
    : null;
}

function bothDamaged(
  folder: string,
  faults: readonly Fault[],
  manifest: readonly StateRecord[] | null,
): AttuneError {
  const [last, previous] = faults;
  // Nothing was kept before the only one: what is wrong with it says more.
  if (manifest === null && previous.fault === 'is missing' && last.error !== undefined) return last.error;
  return new AttuneError({
    code: 'weights',
    what: `no state of the run is whole: ${faults.map(({ name, fault }) => `${name} ${fault}`).join(', and ')}`,
    where: folder,
    hint: 'start the run anew, what was prepared is cached; best.safetensors can be used if it is there',
  });
}
