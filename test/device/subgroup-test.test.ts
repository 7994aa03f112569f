/** The judge of subgroup operations accepts right answers of any adapter, and notices each that is wrong. */
import { answersAreRight, subgroupTestValue } from '#src/device/subgroup-test';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

/** What an adapter with subgroups of `size` lanes answers. */
function answers(workgroup: number, size: number, least: number): number[] {
  const lanes = Math.min(size, workgroup);
  return Array.from({ length: workgroup }, (_, i) => {
    const lane = i % lanes;
    const places = Array.from({ length: lanes }, (_, place) => subgroupTestValue(i - lane + place));
    const sum = places.reduce((a, b) => a + b);
    const last = places[Math.min(8, least) - 1]!;
    const exchanged = [1, 2, lanes / 2].map((distance) => places[lane ^ distance]!);
    return [size, lane, sum, places[0]!, last, ...exchanged];
  }).flat();
}

test('right answers of small and large subgroups are right', () => {
  for (const workgroup of [8, 256]) {
    for (const [size, least] of [
      [4, 4],
      [8, 8],
      [32, 8],
      [32, 32],
      [128, 4],
    ] as const)
      assert.ok(answersAreRight(answers(workgroup, size, least), workgroup, least), `${workgroup}, ${size}`);
  }
});

test('each wrong answer of any lane is noticed', () => {
  for (const lane of [0, 5, 31]) {
    for (let result = 0; result < 8; result++) {
      for (const wrong of [0, Number.NaN, 3]) {
        const found = answers(64, 32, 8);
        const at = 8 * lane + result;
        if (found[at] === wrong) continue;
        found[at] = wrong;
        assert.not.ok(answersAreRight(found, 64, 8), `lane ${lane}, result ${result}`);
      }
    }
  }
});

test('fewer lanes than were promised, and lanes in another order, are noticed', () => {
  assert.not.ok(answersAreRight(answers(64, 8, 8), 64, 16));
  const turned = Array.from({ length: 64 }, (_, i) => answers(64, 8, 8).slice(8 * (63 - i), 8 * (64 - i)));
  assert.not.ok(answersAreRight(turned.flat(), 64, 8));
});

test.run();
