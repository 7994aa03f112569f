/** Right answers in a state: of every task in its own form, read as they were written, from older states, too; nothing else is. */
import { imageSchema, labelledSchema, storedImage } from '#src/runs/stored-images';
import type { TaskKind } from '#src/tasks/index';
import * as v from 'valibot';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const file = { path: '/data/a.png', name: 'a.png', hash: '0'.repeat(64) };
const ANSWERS: readonly [TaskKind, { readonly label: number; readonly values?: readonly number[] }][] = [
  ['classification', { label: 3 }],
  ['regression', { label: 0, values: [1.5, -2] }],
  ['multi-label', { label: 0, values: [0, 4] }],
];

for (const [kind, answer] of ANSWERS) {
  test(`${kind}: what is written is read again, and so is what older states have`, () => {
    const image = { ...file, ...answer };
    const written = JSON.parse(JSON.stringify(storedImage(image, kind)));
    const { label, values } = answer;
    assert.equal(written, { ...file, target: values ?? label });
    assert.equal(v.parse(imageSchema(kind), written), image);
    assert.equal(v.parse(labelledSchema, JSON.parse(JSON.stringify(image))), image);
    assert.not.ok(v.is(imageSchema(kind), image), 'an older image is none of today');
  });

  test(`${kind}: a target of another form is refused`, () => {
    const others = [null, '1', -1, 0.5, [null], ['1'], {}, answer.values === undefined ? [1] : 1];
    for (const target of others)
      assert.not.ok(v.is(imageSchema(kind), { ...file, target }), JSON.stringify(target));
  });
}

test.run();
