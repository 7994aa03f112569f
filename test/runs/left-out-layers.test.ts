/** Layers of another head in sentences: few by name, of many the first, and no line break from a file. */
import type { RunContext } from '#src/recipe/options';
import type { LoadedModel } from '#src/runs/model-source';
import { noHeadText, requireHead, someOf, tellLeftOut } from '#src/runs/left-out-layers';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const loaded = (leftOut: readonly string[], hasHead = false) =>
  ({ leftOut, hasHead, model: { architecture: 'resnet50' }, weights: 'w.pth' }) as unknown as LoadedModel;

test('of many layers the first ten are named', () => {
  const layers = Array.from({ length: 12 }, (_, i) => `head.${i}`);
  assert.is(someOf(layers.slice(0, 10)), layers.slice(0, 10).join(', '));
  assert.is(someOf(layers), `${layers.slice(0, 10).join(', ')} and 2 more`);
  assert.not.match(someOf(['a\nb']), '\n');
});

test('weights without a head of the network are refused where it has to answer', () => {
  assert.is(noHeadText(loaded([])), 'the weights have no last layer');
  const where =
    /the last layers of the weights, head\.0, are none that resnet50 has, so that nothing .*\(w\.pth\)/;
  assert.throws(() => requireHead(loaded(['head.0'])), where);
  assert.not.throws(() => requireHead(loaded([], true)));
});

test('where only the trunk is used, a note says what is left out', () => {
  const notes: string[] = [];
  const context: RunContext = { onEvent: (event) => event.type === 'note' && notes.push(event.text) };
  tellLeftOut(loaded([]), context);
  tellLeftOut(loaded(['head.0', 'head.1']), context);
  assert.is(notes.length, 1);
  assert.match(notes[0]!, /resnet50 does not have, which are left out: head\.0, head\.1\./);
});
test.run();
