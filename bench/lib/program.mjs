/** What the benchmark programs have in common: options, requirements, results. */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';

/** Fails with a sentence where attune is not built, or where `peers` are needed and not installed. */
export function requireInstalled({ peers }) {
  requireFolder('../../dist/', 'attune is not built: run `npm run build` first');
  if (peers)
    requireFolder('../node_modules/', 'the peers are not installed: run `npm ci --prefix bench` first');
}

function requireFolder(path, sentence) {
  if (!isInstalled(path)) throw new Error(sentence);
}

/** Whether there is a folder, by its path from here. */
export function isInstalled(path) {
  return existsSync(new URL(path, import.meta.url));
}

/** The value of an option that counts something; `text` undefined: `otherwise`. */
export function wholeNumber(option, text, otherwise) {
  if (text === undefined) return otherwise;
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new Error(`--${option} ${text} is not a whole number above 0`);
}

/** The numbers above 0 among a program's words, which are called `names`; those that are not given are undefined. */
export function wholeNumbers(words, names) {
  if (words.length > names.length) throw new Error(`${words[names.length]} is a word too many`);
  return names.map((name, i) => {
    const number = words[i] === undefined ? undefined : Number(words[i]);
    if (number === undefined || (Number.isInteger(number) && number > 0)) return number;
    throw new Error(`${words[i]} is no whole number above 0, for ${name}`);
  });
}

/** The devices to measure: `only`, or all. */
export function devicesOf(only) {
  const devices = ['webgpu', 'cpu'];
  if (only === undefined) return devices;
  if (!devices.includes(only)) throw new Error(`--device ${only} is neither ${devices.join(' nor ')}`);
  return [only];
}

/**
 * The full name of the adapter to measure on: attune takes a software adapter only when it is named. With `hardware` one
 * that nobody has named is none.
 */
export async function findAdapter(wanted, { hardware = false } = {}) {
  const { probeAdapters } = await import('../../dist/device/webgpu/node.js');
  const adapters = await probeAdapters(wanted !== undefined || hardware);
  const found = adapters.find(({ adapter, software }) =>
    wanted === undefined ? !(hardware && software) : adapter.includes(wanted),
  );
  if (found !== undefined) return found.adapter;
  throw new Error(
    wanted === undefined
      ? `there is no ${hardware ? 'hardware ' : ''}GPU adapter`
      : `no adapter is named ${wanted}`,
  );
}

/**
 * Prints a report; where `save` names a machine, writes it to results/MACHINE/NAME.md, with its numbers in NAME.json and,
 * where there are `comparisons` with peers, charts of them in NAME.svg.
 */
export async function present(name, { report, numbers, comparisons, save }) {
  console.log(report);
  if (save === undefined) return;
  const folder = new URL(`../results/${save}/`, import.meta.url);
  await mkdir(folder, { recursive: true });
  await writeFile(new URL(`${name}.md`, folder), report);
  await writeFile(new URL(`${name}.json`, folder), `${JSON.stringify(numbers, null, 2)}\n`);
  if (comparisons === undefined) return;
  const { comparisonCharts } = await import('./charts.mjs');
  await writeFile(new URL(`${name}.svg`, folder), await comparisonCharts(comparisons));
}

/** Runs a program's `main`; a failure is one line and exit code 1. */
export async function runMain(name, main) {
  try {
    await main();
  } catch (error) {
    fail(name, error);
    process.exitCode = 1;
  }
}

/** The same for a program that is a script from top to bottom: called first. */
export function failInOneLine(name) {
  process.on('uncaughtException', (error) => {
    fail(name, error);
    process.exit(1);
  });
}

function fail(name, error) {
  console.error(`bench/${name}: ${error.message.split('\n')[0]}`);
}
