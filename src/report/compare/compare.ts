/** `attune compare`: runs beside each other, as data and as a page. */
import { refuseUnknown } from '../../recipe/option-names.js';
import { resolve } from 'node:path';
import { assertOwn } from '../../inputs/index.js';
import { AttuneError } from '../../errors.js';
import type { RunContext } from '../../recipe/options.js';
import { sentenceWithName, withNamesOnly } from '../../recipe/names-only.js';
import { RECIPE_FIELDS } from '../../recipe/recipe-schema.js';
import { hintForMissing, isThere, replaceFile } from '../../formats/index.js';
import { openDrawing, SCREEN } from '../charts/drawing.js';
import type { OptionNames } from '../../option-names.js';
import { GATHER_NAMES, type GatherOptions } from '../gather/gather-run.js';
import { assertComparable, isWishInVain, type MeasuredRun, measureRun } from './compared-run.js';
import type { CompareResult, Difference, PairedRuns } from './compare-result.js';
import { PAGE_MARK } from '../page/page.js';
import { comparePage } from './compare-page.js';
import { mcnemar } from './mcnemar.js';

/** What `compare` needs: run folders; the rest has defaults. */
export interface CompareOptions extends Omit<GatherOptions, 'run'> {
  readonly runs: readonly string[];
  /** The page to write, in place of one of attune's and of no other file. Default: compare.html. */
  readonly out?: string;
}

const { run: _, ...BESIDE_RUN } = GATHER_NAMES;
const NAMES: OptionNames<CompareOptions> = { ...BESIDE_RUN, runs: true, out: true };

/**
 * Compares runs, and writes a page. A folder that is none is told in `skipped`. Throws AttuneError 'input' where fewer
 * than two are left, 'usage' for an unknown option and for runs that are no list, 'disk', and 'interrupted'.
 */
export async function compare(given: CompareOptions, context: RunContext = {}): Promise<CompareResult> {
  refuseUnknown(given, NAMES, context, 'compare');
  const { runs: folders, out = 'compare.html', ...options } = given;
  if (!Array.isArray(folders)) throw noList();
  const page = resolve(out);
  await assertOwn(page, PAGE_MARK);
  const skipped: { path: string; reason: string }[] = [];
  const each = async <T>(paths: Iterable<string>, work: (path: string) => Promise<T>): Promise<T[]> => {
    const done: T[] = [];
    for (const path of paths) {
      try {
        done.push(await work(path));
      } catch (error) {
        if (!(error instanceof AttuneError) || error.code === 'interrupted') throw error;
        if (isWishInVain(error, options)) throw error;
        skipped.push({ path, reason: sentenceWithName(error) });
      }
    }
    return done;
  };
  await requireData(options.data);
  const named = new Set(folders.map((folder) => resolve(folder)));
  const runs = await each(named, async (path) => assertComparable(path).then(() => path));
  if (runs.length < 2) throw tooFew(folders, skipped);
  const measured = await each(runs, (path) => measureRun(path, options, context));
  if (measured.length < 2) throw tooFew(folders, skipped);
  const result = {
    page,
    runs: measured.map(({ summary }) => summary),
    skipped,
    differences: differencesOf(measured),
    paired: pairsOf(measured),
  };
  const text = comparePage(result, measured, await openDrawing(SCREEN));
  await replaceFile(page, [new TextEncoder().encode(text)]);
  return result;
}

/** Images that were named by hand and are not there: no fault of a run, either. */
async function requireData(data: string | undefined): Promise<void> {
  if (data === undefined || (await isThere(resolve(data)))) return;
  const hint = await hintForMissing(resolve(data), 'check the spelling and the working folder');
  throw new AttuneError({ code: 'input', what: 'there is no such file or folder', where: data, hint });
}

/** The letters of a string would be taken for folders. */
function noList(): AttuneError {
  const hint = "write runs: ['runs/a', 'runs/b']";
  return new AttuneError({ code: 'usage', what: 'the runs are no list', where: 'compare', hint });
}

function tooFew(folders: readonly string[], skipped: CompareResult['skipped']): AttuneError {
  const [first] = skipped;
  return new AttuneError({
    code: 'input',
    what:
      first === undefined
        ? 'a comparison needs two runs'
        : 'fewer than two of these are runs that can be read',
    where: first?.path ?? folders.join(' '),
    hint: first === undefined ? 'name folders that attune finetune has written, as runs/*' : first.reason,
  });
}

/** In the order of the recipe's fields; files and folders by their names, as the page is handed on. */
export function differencesOf(runs: readonly Pick<MeasuredRun, 'recipe'>[]): Difference[] {
  return RECIPE_FIELDS.flatMap((field) => {
    const values = runs.map(({ recipe }) => recipe[field]);
    const distinct = [...new Set(values.map((value) => JSON.stringify(value)))];
    if (distinct.length === 1) return [];
    const named = runs.map(({ recipe }) => withNamesOnly(recipe)[field]);
    if (new Set(named.map((value) => JSON.stringify(value))).size === distinct.length)
      return [{ field, values: named }];
    // Folders of one name in several places: which is which is told without saying where.
    const numbers = values.map((value) => distinct.indexOf(JSON.stringify(value)) + 1);
    return [{ field, values: named.map((value, i) => `${value} (${numbers[i]})`) }];
  });
}

/** Runs up to which each is compared with each; of more, each with the one that is right most often. */
const MOST_PAIRED = 5;

/** Pairs of runs that answered for the same images. */
export function pairsOf(runs: readonly Pick<MeasuredRun, 'right' | 'summary'>[]): PairedRuns[] {
  const best = runs.reduce((most, { summary }, i) => {
    return (summary.accuracy ?? -1) > (runs[most].summary.accuracy ?? -1) ? i : most;
  }, 0);
  const pairs: PairedRuns[] = [];
  for (let a = 0; a < runs.length; a++) {
    for (let b = a + 1; b < runs.length; b++) {
      if (runs.length > MOST_PAIRED && a !== best && b !== best) continue;
      const paired = pairOf(runs[a].right, runs[b].right);
      if (paired !== null) pairs.push({ runs: [a, b], ...paired });
    }
  }
  return pairs;
}

/** Null where the images differ. */
function pairOf(first: MeasuredRun['right'], second: MeasuredRun['right']): Omit<PairedRuns, 'runs'> | null {
  if (first === null || second === null || first.size !== second.size) return null;
  const only: [number, number] = [0, 0];
  for (const [image, isRight] of first) {
    const other = second.get(image);
    if (other === undefined) return null;
    if (isRight !== other) only[isRight ? 0 : 1]++;
  }
  return { images: first.size, only, p: mcnemar(...only) };
}
