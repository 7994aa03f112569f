/** Ctrl-C in the real program on the CPU device: answered at once, and nothing is lost. */
import { join } from 'node:path';
import { existsSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assertAnswersInLongStep, assertEnds, pressed, watched } from './ctrl-c-suite.js';
import { smallData } from './full-support.js';
import { newPath } from './support.js';

test('the first Ctrl-C finishes the step, the second ends at once; resumed, the bytes are those of a whole run', () =>
  assertAnswersInLongStep(['--image-size', '144', '--device', 'cpu']));

test('while features are computed it is answered as soon, and no run is begun', async () => {
  const out = newPath();
  const words = '--model resnet-small --weights none --strategy probe --image-size 144 --device cpu'.split(
    ' ',
  );
  const probing = await watched([smallData(), ...words, '--out', out], /^features/m);
  await pressed(probing);
  await assertEnds(probing);
  assert.match(probing.stderr, /^attune: the run was interrupted: what was computed is kept; /m);
  assert.not.ok(existsSync(join(out, 'recipe.json')));
});
test.run();
