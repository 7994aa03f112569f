/**
 * The recipe "Add a task" of src/README.md does what it says: its files, its lines in three tables, and its test; a copy of the
 * repository with them trains, measures, predicts and exports from the command line.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { copyOfRepository, recipeOf, runIn, testsPass, touchedBy } from '../docs/recipes.js';
import { newFolder, writeFiles } from '../finetune/support.js';

const recipe = recipeOf('Add a task');
const copy = copyOfRepository();
test.after(() => rmSync(copy, { recursive: true }));

test('the recipe is three files, their lines in the tables, and its test', () => {
  assert.equal(touchedBy(recipe), [
    ['src/tasks/angle.ts', 'new'],
    ['src/tasks/index.ts', 3],
    ['src/cli/tasks/angle.ts', 'new'],
    ['src/cli/tasks/index.ts', 2],
    ['src/report/tasks/angle.ts', 'new'],
    ['src/report/tasks/index.ts', 2],
    ['test/tasks/angle.test.ts', 'new'],
  ]);
});

test('with the recipe applied, the tests that it names pass', () => {
  testsPass(copy, recipe);
});

/** A picture that is bright on the side of a direction. */
function litFrom(degrees: number): Uint8Array {
  const side = 32;
  const png = new PNG({ width: side, height: side });
  const [x, y] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  for (let i = 0; i < side * side; i++) {
    const value = ((i % side) - 15.5) * x - (Math.floor(i / side) - 15.5) * y > 0 ? 220 : 30;
    png.data.set([value, value, value, 255], 4 * i);
  }
  return PNG.sync.write(png);
}

test('the program learns directions past 0°, and its answers, report and export are of them', () => {
  const folder = newFolder();
  const angles = Array.from({ length: 36 }, (_, i) => 10 * i);
  writeFiles(folder, Object.fromEntries(angles.map((angle) => [`${angle}.png`, litFrom(angle)])));
  const csv = join(folder, 'angles.csv');
  writeFileSync(csv, `image,heading\n${angles.map((angle) => `${angle}.png,${angle}°\n`).join('')}`);
  const run = join(copy, 'run');
  const attune = (...args: string[]) => runIn(copy, process.execPath, ['src/cli/attune.mjs', ...args]);
  const small = ['--model', 'resnet-small', '--weights', 'none', '--image-size', '32', '--strategy', 'probe'];
  const device = ['--device', 'cpu', '--threads', '1'];
  attune('finetune', csv, ...small, ...device, '--no-tensorboard', '--out', run);
  const [, error] =
    /^error +off by ([\d.]+)° on average\n/.exec(attune('evaluate', run, csv, ...device)) ?? [];
  assert.ok(Number(error) < 10, error);
  const said = attune('predict', run, join(folder, '0.png'), ...device);
  const [, degrees] = /\n +([\d.]+)° +heading\n/.exec(said) ?? [];
  assert.ok(Math.cos((Number(degrees) * Math.PI) / 180) > 0.9, said);
  attune('report', run, ...device);
  assert.match(readFileSync(join(run, 'report.html'), 'utf8'), /the direction .*heading/);
  const exported = join(copy, 'angle.onnx');
  attune('convert', join(run, 'best.safetensors'), exported);
  assert.match(attune('inspect', exported), /\ncolumns +heading\n/);
});

test.run();
