/**
 * Trains a small ResNet on all of Fashion-MNIST, with attune on the CPU and then with PyTorch, by one recipe
 * (recipe.json): README.md has the set-up and what was measured.
 *
 *     npm run build && node bench/fashion/run.mjs [--engines attune,torch] [--epochs 10] [--train-images 60000]
 *         [--threads 2] [--data FOLDER]
 *
 * Exit code 0 when attune reaches the accuracy asked for and is within half a point of PyTorch; 1 when not.
 * `--train-images` and `--epochs` below the recipe's only try things out: nothing is judged then.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { findPython } from '../parity/python.mjs';
import { trainWithAttune } from './attune-fashion.mjs';
import { FOLDER, IMAGE_LENGTH, readFashion } from './dataset.mjs';

/** Published: 0.925 for two convolutions with fewer than 100,000 parameters, 0.835 for people. */
const WANTED_ACCURACY = 0.925;
/** Two trainings that differ in their random numbers alone are this close. */
const LARGEST_DIFFERENCE = 0.005;
const PYTHON_HALF = fileURLToPath(new URL('./torch_fashion.py', import.meta.url));

const { values: options } = parseArgs({
  options: {
    engines: { type: 'string', default: 'attune,torch' },
    epochs: { type: 'string' },
    'train-images': { type: 'string' },
    threads: { type: 'string' },
    data: { type: 'string', default: FOLDER },
  },
});
const full = JSON.parse(readFileSync(new URL('./recipe.json', import.meta.url), 'utf8'));
const recipe = {
  ...full,
  ...(options.epochs && { epochs: Number(options.epochs) }),
  ...(options.threads && { threads: Number(options.threads) }),
};
const engines = { attune: runAttune, torch: runTorch };

try {
  const [train, test] = [await readFashion(options.data, 'train'), await readFashion(options.data, 't10k')];
  const shortened = firstImages(train, Number(options['train-images'] ?? train.count));
  const processors = cpus();
  console.log(`${processors[0].model.trim()}, ${processors.length} cores, Node ${process.version}`);
  console.log(`${shortened.count} training images, ${test.count} test images`);
  console.log(JSON.stringify(recipe));
  const results = {};
  for (const name of options.engines.split(',')) {
    console.log(`\n${name}`);
    results[name] = await engines[name](shortened, test);
    printResult(results[name]);
  }
  if (shortened.count === train.count && recipe.epochs === full.epochs) judge(results);
} catch (error) {
  console.error(`fashion: ${error.stack}`);
  process.exitCode = 1;
}

function runAttune(train, test) {
  return trainWithAttune(recipe, train, test, printEpoch);
}

/** PyTorch's half prints a line for each epoch, and the result last. */
async function runTorch(train) {
  const child = spawn(findPython(), [PYTHON_HALF, options.data, String(train.count)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  child.stdin.end(JSON.stringify(recipe));
  let result = null;
  for await (const line of createInterface({ input: child.stdout })) {
    const report = JSON.parse(line);
    if ('epoch' in report) printEpoch(report);
    else result = report;
  }
  const [code] = await ended;
  if (code !== 0 || result === null) throw new Error(`${PYTHON_HALF} ended with exit code ${code}`);
  return result;
}

function firstImages({ images, labels }, count) {
  return { count, images: images.subarray(0, count * IMAGE_LENGTH), labels: labels.subarray(0, count) };
}

function printEpoch({ epoch, loss, accuracy, seconds, imagesPerSecond }) {
  const speed = `${seconds.toFixed(0)} s, ${imagesPerSecond.toFixed(0)} images/s`;
  console.log(
    `  epoch ${epoch}: loss ${loss.toFixed(4)}, accuracy in training ${accuracy.toFixed(4)}, ${speed}`,
  );
}

function printResult({ accuracy, seconds, processorSeconds, images, device }) {
  const times = `${seconds.toFixed(0)} s of training (${processorSeconds.toFixed(0)} s of processor time)`;
  const speed = `${times}, ${(images / seconds).toFixed(0)} images/s`;
  console.log(`  test accuracy ${accuracy.toFixed(4)}, ${speed}; ${device}`);
}

function judge({ attune, torch }) {
  const checks = [];
  if (attune) checks.push([`attune reaches ${WANTED_ACCURACY}`, attune.accuracy >= WANTED_ACCURACY]);
  if (attune && torch) {
    const difference = attune.accuracy - torch.accuracy;
    const text = `attune less PyTorch: ${difference.toFixed(4)}, within ${LARGEST_DIFFERENCE}`;
    checks.push([text, Math.abs(difference) <= LARGEST_DIFFERENCE]);
  }
  console.log('');
  for (const [text, holds] of checks) console.log(`${holds ? 'ok  ' : 'MISS'} ${text}`);
  if (checks.some(([, holds]) => !holds)) process.exitCode = 1;
}
