/** Sorting with pauses gives what `sort` gives, and lets others have their turn. */
import * as fc from 'fast-check';
import { sorted } from '#src/inputs/sorted';
import { compareCodePoints } from '#src/inputs/walk';
import { Pauses } from '#src/pauses';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fails } from '../finetune/support.js';

const byKey = (a: { key: number }, b: { key: number }) => a.key - b.key;

test('any length is sorted as sort does it, equal elements in their order', async () => {
  for (const length of [0, 1, 2, 511, 512, 513, 1024, 1025, 5000]) {
    for (const keys of [1, 7, 1_000_003]) {
      const items = Array.from({ length }, (_, at) => ({ key: (at * 7919 + 13) % keys, at }));
      const before = [...items];
      assert.equal(await sorted(items, byKey, new Pauses()), [...items].sort(byKey), `${length} of ${keys}`);
      assert.equal(items, before);
    }
  }
});

test('a timer fires while two hundred thousand names are sorted, and a signal ends it', async () => {
  const names = Array.from({ length: 200_000 }, (_, i) => `images/${(i * 7919) % 200_003}.png`);
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 20);
  await fails(sorted(names, compareCodePoints, new Pauses(controller.signal)), 'interrupted', /reading was/);
});

test('names are compared as the bytes of their UTF-8', () => {
  const text = fc.string({
    unit: fc.constantFrom('a', 'b', 'é', '中', '\ud7ff', '\ue000', '\uffff', '😀', '\u{10ffff}'),
  });
  const sign = Math.sign;
  fc.assert(
    fc.property(text, text, (a, b) => {
      const expected = Buffer.compare(Buffer.from(a), Buffer.from(b));
      assert.is(sign(compareCodePoints(a, b)), expected, JSON.stringify([a, b]));
    }),
    { numRuns: 2000 },
  );
});

test.run();
