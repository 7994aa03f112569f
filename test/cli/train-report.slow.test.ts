/** `finetune --resume` where only the report of a run is missing. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { writeClassFolders } from './pictures.js';
import { attuneHere } from './support.js';

const folder = mkdtempSync(join(tmpdir(), 'attune train ü '));
test.after(() => rmSync(folder, { recursive: true }));
const settings = { cwd: folder, env: { ATTUNE_CACHE: join(folder, 'cache'), ATTUNE_DEVICE: 'cpu' } };
writeClassFolders(join(folder, 'photos/train'), 8);
writeClassFolders(join(folder, 'photos/val'), 2);
writeClassFolders(join(folder, 'photos/test'), 2);

const finetune = (words: string) =>
  attuneHere(`finetune photos --model resnet-small --weights none --threads 1 ${words}`.split(' '), settings);

test('--resume writes the report that a kill has prevented, and says the result as at the end of the run', async () => {
  const trained = await finetune('--strategy full --epochs 2 --batch-size 8 --out longer');
  assert.is(trained.status, 0, trained.stderr);
  const run = join(folder, 'longer');
  const before = readdirSync(run).sort();
  const state = readFileSync(join(run, 'state.safetensors'));
  // The page is written last, after the pictures.
  for (const name of ['report.html', 'confusion.png']) rmSync(join(run, name));
  const { status, stdout, stderr } = await attuneHere(['finetune', '--resume', 'longer'], settings);
  assert.is(status, 0, stderr);
  assert.match(stderr, /^The run is complete: only what follows its end is done again\.$/m);
  assert.match(stdout, /\nbest epoch +[12] of 2 epochs\nvalidation accuracy +.* %.*\ntest accuracy +.* %/);
  assert.match(stdout, /\nReport\nlonger\/report\.html\n/);
  assert.equal(readdirSync(run).sort(), before, 'and nothing else');
  assert.ok(readFileSync(join(run, 'state.safetensors')).equals(state));
});

test('--resume writes the report of a probe, which has nothing else to go on with', async () => {
  const { status, stderr } = await finetune('--strategy probe --head prototypes --no-report --out probe');
  assert.is(status, 0, stderr);
  const resumed = () => attuneHere(['finetune', '--resume', 'probe'], settings);
  const first = await resumed();
  assert.is(first.status, 0, first.stderr);
  assert.match(first.stderr, /^The run is complete: only its report is written\.$/m);
  assert.match(first.stdout, /^report +probe\/report\.html$/m);
  const second = await resumed();
  assert.is(second.status, 1);
  assert.match(second.stderr, /the run has no stage to resume/);
});

test.run();
