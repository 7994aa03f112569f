/** Balanced sampling: as many of each class, each picture as often as the others of its class, the same for a seed. */
import { epochOrder } from '#src/inputs/sampling';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

/** 40 of class 0, 7 of class 2, 3 of class 5, mixed. */
const labels = Array.from({ length: 50 }, (_, i) => (i % 15 === 3 ? (i < 40 ? 5 : 2) : i % 9 === 1 ? 2 : 0));
const count = (label: number) => labels.filter((other) => other === label).length;
const balanced = (epoch: number, seed = 1) => epochOrder(labels, { sampling: 'balanced', seed, epoch });
const shuffled = (epoch: number, seed = 1) => epochOrder(labels, { sampling: 'shuffled', seed, epoch });

function timesOf(orders: readonly Uint32Array[]): number[] {
  const times = new Array<number>(labels.length).fill(0);
  for (const order of orders) for (const index of order) times[index]!++;
  return times;
}

test('shuffled shows every picture once', () => {
  assert.equal(
    [...shuffled(3)].sort((a, b) => a - b),
    [...labels.keys()],
  );
});

test('an epoch has as many pictures of each class, give or take one, and as many in all', () => {
  for (let epoch = 0; epoch < 5; epoch++) {
    const drawn = Array.from(balanced(epoch), (index) => labels[index]!);
    assert.is(drawn.length, 50);
    for (const label of [0, 2, 5]) {
      const times = drawn.filter((other) => other === label).length;
      assert.ok(times === 16 || times === 17, `class ${label}: ${times} times`);
    }
  }
});

test('over epochs every picture of a class comes up as often, give or take one', () => {
  const times = timesOf(Array.from({ length: 12 }, (_, epoch) => balanced(epoch)));
  for (const label of [0, 2, 5]) {
    const own = times.filter((_, i) => labels[i] === label);
    assert.is(own.length, count(label));
    assert.ok(Math.max(...own) - Math.min(...own) <= 1, `class ${label}: ${own}`);
    // 12 epochs of 50 / 3 draws, over the pictures of the class.
    assert.ok(Math.abs(own.reduce((a, b) => a + b, 0) - 200) <= 1);
  }
});

test('the order is that of the seed and the epoch, and no other', () => {
  assert.equal(balanced(2), balanced(2));
  assert.not.equal(balanced(2), balanced(3));
  assert.not.equal(balanced(2), balanced(2, 9));
  // Not class by class: the first third of an epoch has all of them.
  assert.is(new Set(Array.from(balanced(0).subarray(0, 17), (index) => labels[index])).size, 3);
});

test.run();
