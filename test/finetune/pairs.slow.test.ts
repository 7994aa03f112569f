/**
 * Any two parts of a recipe go together: rows of a covering design are trained, the loss falls, and stopped somewhere
 * and resumed they end with the same bytes. Runs as many rows as ATTUNE_PAIRS says; `all` has every pair.
 */
import { finetune, resume } from '#src/finetune/index';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { coveringRows, pairsOf, type Row } from './covering.js';
import { assertSameRuns, fullRun, interrupted, smallData } from './full-support.js';
import { optionsOf, PARTS } from './recipe-parts.js';
import { imageFolderOf, randomNumbers } from './support.js';

const SEED = 20;
/** The rows of an ordinary run, which is to take no more than a minute. */
const FEW = 12;
const [EPOCHS, BATCHES] = [4, 2];

const factors = Object.fromEntries(
  Object.entries(PARTS).map(([name, levels]) => [name, Object.keys(levels)]),
);
const design = coveringRows(factors, SEED);
const wanted = process.env['ATTUNE_PAIRS'] ?? String(FEW);
const rows = wanted === 'all' ? design : design.slice(0, Number(wanted));

const pairsIn = (some: readonly Row[]) => new Set(some.flatMap(pairsOf)).size;
console.log(`# ${rows.length} of ${design.length} rows, ${pairsIn(rows)} of ${pairsIn(design)} pairs`);

const data = smallData();
// Trained a little, so that its statistics are those of pictures.
const { checkpoints } = await finetune(
  fullRun(imageFolderOf(['bar', 'line', 'ray', 'row'], 8), {
    epochs: 8,
    lr: 0.02,
    valSplit: 0,
    batchSize: 16,
  }),
);
const weights = checkpoints.last;
const random = randomNumbers(SEED);

for (const row of rows) {
  const text = Object.entries(row).map(([factor, level]) => `${factor} ${level}`);
  const share = random();
  test(text.join(', '), async () => {
    const fixed = { weights, epochs: EPOCHS, threads: 1, workers: 1 };
    const options = fullRun(data, { ...fixed, ...optionsOf(row) });
    const whole = await finetune(options);
    const losses = whole.epochs.filter(({ stage }) => stage !== 'head').map(({ train_loss }) => train_loss!);
    // An epoch is two batches, of images that are varied: its loss jumps. Behind a probe there may be nothing left to learn.
    const [first, ...later] = losses as [number, ...number[]];
    const least = row['strategy'] === 'full' ? first : Math.max(first, Math.LN2);
    assert.ok(Math.min(...later) < least, `losses ${losses.map((loss) => loss.toFixed(3)).join(', ')}`);

    // Patience may have ended the whole run early.
    const stop = 1 + Math.floor(share * (losses.length * BATCHES - 1));
    const stopped = await interrupted(stop, { ...options, out: `${options.out}-stopped` });
    const resumed = await resume({ resume: stopped.run, threads: 1 });
    await assertSameRuns(resumed.run, whole.run);
    assert.equal(resumed.best, whole.best);
  });
}

test.run();
