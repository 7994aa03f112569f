/**
 * What was measured of an adapter, kept for later runs: which variant is the fastest for which class of launches. A file
 * for each adapter, driver and version of attune, in `tuning` of the cache folder: what either of them changes is
 * measured again. The file is as hostile as any: what is wrong with it is said, and then it is as if there were none.
 */
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import * as v from 'valibot';
import { writeWhole } from '../inputs/disk.js';
import { commandLine } from './command-line.js';
import type { Backend, Choices, DeviceInfo } from '../device/backend.js';
import { kernels } from '../ops/kernels.js';
import { cacheDir } from '../weights/index.js';

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };

/** To be raised by whoever changes what a class or a variant means, without a new version of attune. */
const FORMAT = 1;
/** A file of this size would hold some ten thousand classes: larger ones are none of ours. */
const MOST_BYTES = 4_000_000;
const MOST_KEY = 200;

/** By the name of a launch's class (`tuningKey`). */
export type TuningEntries = Readonly<Record<string, TuningEntry>>;

export interface TuningEntry {
  readonly variant: string;
  /** Milliseconds of one launch, by variant. Null where the result was wrong or the adapter refused it. */
  readonly milliseconds: Readonly<Record<string, number | null>>;
}

const schema = v.strictObject({
  format: v.literal(FORMAT),
  attune: v.literal(version),
  adapter: v.string(),
  driver: v.string(),
  entries: v.record(
    v.pipe(v.string(), v.maxLength(MOST_KEY)),
    v.strictObject({
      variant: v.string(),
      milliseconds: v.record(v.string(), v.nullable(v.pipe(v.number(), v.minValue(0)))),
    }),
  ),
});

/** Where the measurements of an adapter are kept. */
export function tuningPath(
  { adapter, driver = '' }: DeviceInfo,
  folder = join(cacheDir(), 'tuning'),
): string {
  const name = createHash('sha256')
    .update(JSON.stringify([FORMAT, version, adapter, driver]))
    .digest('hex');
  return join(folder, `${name.slice(0, 32)}.json`);
}

export interface StoredTuning {
  readonly entries: TuningEntries;
  /** Why what is there cannot be used; null where it can, or where there is nothing. */
  readonly problem: string | null;
}

/** What is stored of an adapter. Never throws: without a cache kernels choose by themselves. */
export async function readTuning(info: DeviceInfo, path = tuningPath(info)): Promise<StoredTuning> {
  const unusable = (why: string): StoredTuning => ({
    entries: {},
    problem: `The measurements in ${path} are not used, as ${why}; ${commandLine(['tune'])} makes new ones.`,
  });
  let text: string;
  try {
    const { size } = await stat(path);
    if (size > MOST_BYTES) return unusable(`a file of ${size} bytes is none of attune's`);
    text = await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? { entries: {}, problem: null } : unusable(`it cannot be read, ${code}`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return unusable('it is not JSON');
  }
  const parsed = v.safeParse(schema, value);
  if (!parsed.success) return unusable(`it is wrong at ${v.getDotPath(parsed.issues[0]) ?? 'the top'}`);
  const { adapter, driver, entries } = parsed.output;
  if (adapter !== info.adapter || driver !== (info.driver ?? '')) return unusable('it is of another adapter');
  const unknown = Object.entries(entries).find(([key, { variant }]) => !hasVariant(key, variant));
  if (unknown !== undefined) return unusable(`there is no variant ${unknown[1].variant.slice(0, MOST_KEY)}`);
  return { entries, problem: null };
}

/** Whether the kernel that a class is named after has the variant. */
function hasVariant(key: string, variant: string): boolean {
  const name = key.split(' ', 1)[0];
  if (!Object.hasOwn(kernels, name)) return false;
  return Object.hasOwn(kernels[name as keyof typeof kernels].shader.variants, variant);
}

/** Adds to what is stored of an adapter; what cannot be used is replaced. Throws AttuneError 'disk'. */
export async function storeTuning(
  info: DeviceInfo,
  found: TuningEntries,
  path = tuningPath(info),
): Promise<void> {
  const { entries } = await readTuning(info, path);
  const { adapter, driver = '' } = info;
  const all = Object.entries({ ...entries, ...found }).sort(([a], [b]) => (a < b ? -1 : 1));
  const document = { format: FORMAT, attune: version, adapter, driver, entries: Object.fromEntries(all) };
  await writeWhole(path, [new TextEncoder().encode(`${JSON.stringify(document, null, 1)}\n`)]);
}

/** The variants to take on an adapter, as measured; `tell` is given a sentence where the cache cannot be used. */
export function tunedChoices(tell: (text: string) => void = () => {}) {
  return async ({ info }: Pick<Backend, 'info'>): Promise<Choices> => {
    const { entries, problem } = await readTuning(info);
    if (problem !== null) tell(problem);
    return Object.fromEntries(Object.entries(entries).map(([key, { variant }]) => [key, variant]));
  };
}
