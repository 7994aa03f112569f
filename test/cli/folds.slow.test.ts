/** attune finetune --folds: a line for each fold, the mean and its deviation, and the same as JSON. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { imageFolderOf, newPath } from '../finetune/support.js';
import { attuneHere } from './support.js';

const data = imageFolderOf(['a', 'b'], 6);
const words =
  '--model resnet-small --weights none --strategy probe --head prototypes --folds 3 --image-size 32 --threads 1';
const folds = (...more: string[]) =>
  attuneHere(['finetune', data, ...words.split(' '), '--device', 'cpu', '--out', newPath(), ...more]);

test('a table of the folds, their mean and deviation, and all images together', async () => {
  const out = newPath();
  const { status, stdout, stderr } = await folds('--out', out);
  assert.is(status, 0, stderr);
  const share = '[\\d.]+ %';
  for (const line of [
    '^3 folds$',
    `^1 +8 +4 +${share} +${share} +[\\d.]+ +[\\d.]+$`,
    `^mean +${share} `,
    `^deviation +${share} `,
    `^accuracy +${share} \\+- ${share}$`,
    '^in all +12, each judged by the fold that had not seen it$',
    `^their accuracy +${share} \\(95 % interval `,
    '^Report\n.+report\\.html$',
  ]) {
    assert.match(stdout, new RegExp(line, 'm'));
  }
  assert.match(stderr, /^Fold 3 of 3\.$/m);
  assert.is(stderr.match(/2 classes: a, b/g)?.length, 1, 'what all folds would say is said once');

  const files = readdirSync(out).sort();
  rmSync(join(out, 'report.html'));
  const resumed = await attuneHere(['finetune', '--resume', out]);
  assert.is(resumed.status, 0, resumed.stderr);
  assert.is(resumed.stdout, stdout, 'killed while the report was written');
  assert.equal(readdirSync(out).sort(), files);
  const again = await attuneHere(['finetune', '--resume', out]);
  assert.match(again.stderr, /^attune: nothing is left to do: all 3 folds are done/);
});

test('--json prints one document', async () => {
  const { status, stdout, stderr } = await folds('--json', '--no-report');
  assert.is(status, 0, stderr);
  const document = JSON.parse(stdout);
  assert.is(Object.keys(document).join(), 'run,folds,task,skipped,results,mean,sd,pooled,interrupted,report');
  assert.is(document.results.length, 3);
  assert.is(document.report, null);
});

test.run();
