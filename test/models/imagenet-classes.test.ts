/** The class table: order, ids and lookups, against facts known from outside the table. */

import { imagenetClasses, imagenetIndex } from '#src/models/imagenet-classes';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

test('a thousand classes with distinct names and well-formed ids', () => {
  const classes = imagenetClasses();
  assert.is(classes.length, 1000);
  assert.is(new Set(classes.map((c) => c.name)).size, 1000);
  for (const { wordnetId, name } of classes) {
    assert.match(wordnetId, /^n\d{8}$/);
    assert.is(name, name.trim());
    assert.ok(name.length > 0);
  }
});

test("ids are strictly sorted, which is what defines ImageNet's class indices", () => {
  const ids = imagenetClasses().map((c) => c.wordnetId);
  for (let i = 1; i < ids.length; i++) assert.ok(ids[i - 1] < ids[i], `${ids[i - 1]} < ${ids[i]}`);
});

// Indices that ImageNet users know by heart, and the pairs that share a word in WordNet.
const known: [number, string, string][] = [
  [0, 'n01440764', 'tench'],
  [1, 'n01443537', 'goldfish'],
  [134, 'n02012849', 'crane bird'],
  [207, 'n02099601', 'golden retriever'],
  [281, 'n02123045', 'tabby'],
  [517, 'n03126707', 'crane'],
  [638, 'n03710637', 'maillot'],
  [639, 'n03710721', 'maillot tank suit'],
  [701, 'n03888257', 'parachute'],
  [933, 'n07697313', 'cheeseburger'],
  [999, 'n15075141', 'toilet tissue'],
];

for (const [index, wordnetId, name] of known) {
  test(`class ${index} is ${name}`, () => {
    assert.equal(imagenetClasses()[index], { wordnetId, name });
    assert.is(imagenetIndex(wordnetId), index);
  });
}

test('what is no class has no index', () => {
  for (const text of ['n00000000', 'tench', '', 'n01440764 ', 'N01440764', '__proto__']) {
    assert.is(imagenetIndex(text), undefined);
  }
});

test.run();
