/**
 * Whether this checkout computes what another commit computes, to the last byte: both make the same small runs, and
 * predict, evaluate, explain and convert with them. Tensors have to be equal byte for byte, documents in all that the
 * other commit's have.
 *
 *     npm run build && node bench/same-bytes.mjs COMMIT [options]
 *
 *     --only TEXT      only recipes with this in their name
 *     --adapter NAME   the GPU's name, where there are several; default: the one that the tests take
 *     --keep FOLDER    leaves checkout, pictures and runs there, and uses again what COMMIT made there before
 *
 * Recipes are in same-bytes/recipes.mjs, what may differ in same-bytes/allowed.mjs. Ends with status 1 where anything
 * differs, or a recipe fails.
 */
import { copyFile, mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chooseAdapter } from '../test/runner/adapter.mjs';
import { findAdapter, requireInstalled, runMain } from './lib/program.mjs';
import { checkOut, hashOf } from './same-bytes/checkout.mjs';
import { compareFolders } from './same-bytes/compare.mjs';
import { writeData } from './same-bytes/data.mjs';
import { RECIPES } from './same-bytes/recipes.mjs';
import { Side } from './same-bytes/side-client.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DEMO_WEIGHTS = join(ROOT, 'weights/demo/garments.safetensors');

await runMain('same-bytes', main);

async function main() {
  const { values: options, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      only: { type: 'string', default: '' },
      adapter: { type: 'string' },
      keep: { type: 'string' },
    },
  });
  if (positionals.length !== 1) throw new Error('name one commit to compare with');
  requireInstalled({ peers: false });
  const hash = hashOf(ROOT, positionals[0]);
  const recipes = RECIPES.filter(({ name }) => name.includes(options.only));
  if (recipes.length === 0) throw new Error(`no recipe has ${options.only} in its name`);
  const folder = await workFolder(options.keep);
  try {
    await compareAll(recipes, { ...options, hash, folder });
  } finally {
    if (options.keep === undefined) await rm(folder, { recursive: true, force: true });
  }
}

async function workFolder(keep) {
  if (keep === undefined) return realpath(await mkdtemp(join(tmpdir(), 'attune-same-bytes-')));
  await mkdir(keep, { recursive: true });
  return realpath(keep);
}

async function compareAll(recipes, { hash, folder, adapter: wanted, keep }) {
  const checkout = join(folder, `checkout-${hash.slice(0, 12)}`);
  console.error(`building ${hash.slice(0, 12)}`);
  checkOut(ROOT, hash, checkout);
  await writeShared(join(folder, 'shared'));
  const adapter = await chooseGpu(wanted);
  const name = `old-${hash.slice(0, 12)}`;
  const sides = [
    new Side(name, { checkout, hash, folder, adapter }),
    new Side('new', { checkout: ROOT, folder, adapter }),
  ];
  // What another build of this checkout has cached would hide what this one computes.
  await rm(join(folder, 'new'), { recursive: true, force: true });
  const counts = { same: 0, different: 0, failed: 0 };
  const added = new Set();
  for (const recipe of recipes) {
    const [before, after] = await Promise.all(sides.map((side) => side.run(recipe)));
    const outcome = await judge(before, after);
    counts[outcome.kind]++;
    for (const key of outcome.added ?? []) added.add(key);
    console.log(`${recipe.name}: ${outcome.text}`);
    if (keep === undefined)
      for (const side of [before, after]) await rm(side.folder, { recursive: true, force: true });
  }
  for (const side of sides) side.close();
  if (added.size > 0) console.log(`only in the new one: ${[...added].sort().join(', ')}`);
  const { same, different, failed } = counts;
  console.log(`${same} of ${recipes.length} recipes same, ${different} different, ${failed} failed`);
  if (different + failed > 0) process.exitCode = 1;
}

/** Pictures and weights for both sides. */
async function writeShared(folder) {
  await mkdir(folder, { recursive: true });
  await writeData(join(folder, 'data'));
  await copyFile(DEMO_WEIGHTS, join(folder, 'weights.safetensors'));
}

/** That of the tests; null where there is none, and runs that need one fail. */
async function chooseGpu(wanted) {
  const { environment } = chooseAdapter(ROOT, process.env);
  Object.assign(process.env, environment);
  return findAdapter(wanted).catch((error) => {
    console.error(`${error.message}: recipes on WebGPU will fail`);
    return null;
  });
}

async function judge(before, after) {
  if (before.failed !== null || after.failed !== null) {
    const who = before.failed === null ? 'the new one' : after.failed === null ? 'the old one' : 'both';
    return { kind: 'failed', text: `FAILED in ${who}: ${after.failed ?? before.failed}` };
  }
  const { difference, added } = await compareFolders(before.folder, after.folder);
  if (difference === null) return { kind: 'same', text: 'same', added };
  return { kind: 'different', text: `DIFFERENT: ${difference}`, added };
}
