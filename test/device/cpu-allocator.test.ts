/** The allocator: whatever is asked and given back, ranges never overlap and nothing is lost. */
import { ALIGNMENT, Allocator } from '#src/device/cpu/allocator';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const BEGIN = 65_536;

/** A step of a random history: take this many bytes, or give back the n-th of what is held. */
const steps = fc.array(
  fc.oneof(fc.record({ take: fc.nat({ max: 5_000 }) }), fc.record({ giveBack: fc.nat({ max: 100 }) })),
  { maxLength: 120 },
);

test('ranges are aligned, inside the memory and apart; what is given back merges into one', () => {
  let taken = 0;
  let refused = 0;
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 600 }), (history, lines) => {
      const end = BEGIN + lines * ALIGNMENT;
      const allocator = new Allocator(BEGIN, end);
      const held: { offset: number; bytes: number }[] = [];
      for (const step of history) {
        if ('take' in step) {
          const offset = allocator.allocate(step.take);
          if (offset === undefined) {
            refused++;
            continue;
          }
          taken++;
          const bytes = Math.max(1, step.take);
          assert.is(offset % ALIGNMENT, 0);
          assert.ok(offset >= BEGIN && offset + bytes <= end, 'inside the memory');
          for (const other of held) {
            assert.ok(offset + bytes <= other.offset || other.offset + other.bytes <= offset, 'apart');
          }
          held.push({ offset, bytes });
        } else if (held.length > 0) {
          const [range] = held.splice(step.giveBack % held.length, 1);
          allocator.free(range!.offset);
        }
        const inUse = held.reduce((sum, { bytes }) => sum + Math.ceil(bytes / ALIGNMENT) * ALIGNMENT, 0);
        assert.is(allocator.freeBytes, end - BEGIN - inUse);
      }
      for (const { offset } of held) allocator.free(offset);
      assert.is(allocator.freeBytes, end - BEGIN);
      assert.is(allocator.freeRanges, 1);
    }),
    { numRuns: 1000 },
  );
  assert.ok(taken > 500 && refused > 100, `both happen: ${taken} taken, ${refused} refused`);
});

test('after growing to endFor(bytes), bytes fit', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 900 }), { maxLength: 8 }),
      fc.integer({ min: 1, max: 9_000 }),
      (sizes, bytes) => {
        const allocator = new Allocator(BEGIN, BEGIN + 1_024);
        for (const size of sizes) allocator.allocate(size);
        const end = allocator.endFor(bytes);
        allocator.extend(end);
        assert.ok(allocator.allocate(bytes) !== undefined);
        assert.is(
          allocator.allocate(ALIGNMENT + (allocator.freeBytes || 0)),
          undefined,
          'and no more than that is added',
        );
      },
    ),
  );
});

test('giving back what was not handed out throws', () => {
  const allocator = new Allocator(BEGIN, BEGIN + 1_024);
  const offset = allocator.allocate(10)!;
  allocator.free(offset);
  assert.throws(() => allocator.free(offset), /no range was handed out at offset 65536/);
});

test.run();
