/** The list of things that come and go, and that nothing of them is left behind. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ShortList } from '#src/short-list';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

test('items stand in the order in which they came', () => {
  const list = new ShortList<string>();
  for (const item of ['a', 'b', 'c', 'd']) list.add(item);
  assert.is(list.delete('b'), true);
  assert.is(list.delete('b'), false);
  assert.is(
    list.take((item) => item > 'b'),
    'c',
  );
  assert.is(
    list.take((item) => item > 'd'),
    undefined,
  );
  assert.equal([...list], ['a', 'd']);
  assert.is(list.size, 2);
  list.clear();
  assert.equal([...list], []);
});

test('what is taken out while it is gone through does not shift the others', () => {
  const list = new ShortList<number>();
  for (const item of [1, 2, 3, 4]) list.add(item);
  for (const item of list) if (item % 2 === 1) list.delete(item);
  assert.equal([...list], [2, 4]);
});

/** Bytes of the heap after `items` have come and gone, once what holds them is among old objects. */
function leftBehind(items: { add(item: object): void; delete(item: object): void }): number {
  setFlagsFromString('--expose-gc');
  const collect: (options?: { type: 'minor' }) => void = runInNewContext('gc');
  const young = () => {
    for (let i = 0; i < 2; i++) collect({ type: 'minor' });
  };
  const stays = {};
  items.add(stays);
  young();
  items.delete(stays);
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < 10_000; i++) {
    const item = { numbers: new Array(50).fill(i) };
    items.add(item);
    items.delete(item);
  }
  young();
  return process.memoryUsage().heapUsed - before;
}

test('what has gone is garbage at once, as it is not in a set', () => {
  const [list, set] = [leftBehind(new ShortList<object>()), leftBehind(new Set<object>())];
  console.log(`# ${list} bytes left behind by a list, ${set} by a set`);
  assert.ok(list < 600_000, `${list} bytes`);
});

test.run();
