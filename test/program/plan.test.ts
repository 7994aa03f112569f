/** Plans of random programs: no two living values share a slot, nothing needed is dropped, memory stays near its bound. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Access, Kernel } from '#src/device/kernel';
import { dropUnused, type FusionRule, fuse } from '#src/program/fuse';
import { makePlan, type Plan } from '#src/program/plan';
import { currentRecording, type Recording, record } from '#src/program/recording';
import {
  type Launch,
  reads,
  type StateStorage,
  type Storage,
  stateStorage,
  writes,
} from '#src/program/storage';

/** A kernel of any accesses; it is never run. */
function kernelOf(name: string, accesses: readonly Access[]): Kernel {
  const none = { variants: {}, choose: () => '', words: () => [] };
  const bindings = accesses.map((access, i) => ({ name: `operand${i}`, access }));
  const elementwise = () => name === 'map';
  return { name, bindings, shader: none, cpu: { units: () => 0, elementwise, run: () => {} } };
}

/** Devices that may write over what a launch reads, and those that may not. */
const BACKENDS = [false, true].map((inPlace) => ({
  elementBytes: () => 4,
  maxBindingBytes: 2 ** 30,
  inPlace,
}));

function newState(length: number): StateStorage {
  return stateStorage({ buffer: { id: 0, bytes: 4 * length }, dtype: 'float32', offset: 0, length });
}

/** One step of a random program: which of the latest values it reads, and what it makes of them. */
const step = fc.record({
  reads: fc.array(fc.nat(12), { maxLength: 3 }),
  length: fc.integer({ min: 0, max: 1000 }),
  kind: fc.constantFrom(...new Array(5).fill('make'), 'map', 'map', 'state', 'partial', 'input'),
  /** Whether its result is returned. */
  kept: fc.boolean(),
});

interface Program {
  readonly recording: Recording;
  readonly returned: Storage[];
}

function programOf(steps: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[]): Program {
  return record((): Program => {
    const recording = currentRecording();
    const made: Storage[] = [recording.input('float32', new Float32Array(5))];
    const states = [newState(10), newState(20)];
    const returned: Storage[] = [];
    for (const [i, { reads, length, kind, kept }] of steps.entries()) {
      const sources = reads.map((n) => made[made.length - 1 - (n % made.length)]);
      if (kind === 'input') {
        made.push(recording.input('float32', new Float32Array(length)));
      } else if (kind === 'state') {
        const state = states[length % 2];
        recording.launch(kernelOf('update', [...sources.map(() => 'read' as const), 'read_write']), { i }, [
          ...sources,
          state,
        ]);
        made.push(state);
      } else if (kind === 'map') {
        // Element by element: every operand is as long as the result.
        const { length } = sources[0] ?? made[0];
        const out = recording.temporary('float32', length);
        const same = sources.filter((source) => source.length === length);
        recording.launch(kernelOf('map', [...same.map(() => 'read' as const), 'write']), { i }, [
          ...same,
          out,
        ]);
        made.push(out);
      } else {
        const out = recording.temporary('float32', length);
        const access = [...sources.map(() => 'read' as const), 'write' as const];
        recording.launch(kernelOf('make', access), { i }, [...sources, out]);
        // A second launch fills another part of the same value, as concat does.
        if (kind === 'partial')
          recording.launch(kernelOf('fillPart', ['read', 'read_write']), { i }, [made[0], out]);
        made.push(out);
      }
      if (kept && kind !== 'state') returned.push(made[made.length - 1]);
    }
    return { recording, returned };
  }).result;
}

/** Memory without a plan has a place for each value; with one, what is written goes over all that it overlaps. */
class Memory {
  private readonly values = new Map<string | Storage, string>();
  private readonly plan: Plan | undefined;

  constructor(plan?: Plan) {
    this.plan = plan;
  }

  private rangeOf(storage: Storage): { slot: number; begin: number; end: number } | null {
    if (this.plan === undefined || storage.kind === 'state') return null;
    const { slot, offset } = this.plan.placeOf.get(storage.ordinal)!;
    return { slot, begin: offset, end: offset + Math.max(4, 4 * storage.length) };
  }

  get(storage: Storage): string | undefined {
    const range = this.rangeOf(storage);
    return this.values.get(range === null ? storage : JSON.stringify(range));
  }

  /** Returns whether something was there. */
  set(storage: Storage, value: string): boolean {
    const range = this.rangeOf(storage);
    let was = false;
    for (const key of this.values.keys()) {
      if (range === null || typeof key !== 'string') continue;
      const { slot, begin, end } = JSON.parse(key) as typeof range;
      if (slot !== range.slot || begin >= range.end || range.begin >= end) continue;
      this.values.delete(key);
      was = true;
    }
    this.values.set(range === null ? storage : JSON.stringify(range), value);
    return was;
  }

  get states(): string[] {
    const isState = (key: string | Storage) => typeof key !== 'string' && key.kind === 'state';
    return [...this.values].flatMap(([key, value]) => (isState(key) ? [value] : [])).sort();
  }
}

/** Runs a plan on numbers: each value is what its launch and its sources were; reading a place checks who wrote it. */
function interpret(launches: readonly Launch[], returned: readonly Storage[], plan?: Plan): unknown[] {
  const memory = new Memory(plan);
  const inputs = new Set<Storage>();
  for (const launch of launches)
    for (const operand of launch.operands) if (operand?.kind === 'input') inputs.add(operand);
  for (const storage of returned) if (storage.kind === 'input') inputs.add(storage);
  for (const input of inputs) {
    const was = memory.set(input, `input ${(input as { ordinal: number }).ordinal}`);
    assert.not.ok(was, 'inputs are uploaded to places of their own');
  }
  for (const launch of launches) {
    const seen = launch.operands.map((storage, i) =>
      storage !== null && reads(launch, i) ? memory.get(storage) : '',
    );
    launch.operands.forEach((storage, i) => {
      if (storage !== null && writes(launch, i))
        memory.set(storage, hash(`${launch.kernel.name} ${launch.attributes.i} (${seen.join()})`));
    });
  }
  return [...returned.map((storage) => memory.get(storage)), ...memory.states];
}

function hash(text: string): string {
  let value = 0;
  for (let i = 0; i < text.length; i++) value = (Math.imul(value, 31) + text.charCodeAt(i)) | 0;
  return `${value}:${text.length}`;
}

for (const backend of BACKENDS) {
  const where = backend.inPlace ? 'in place where it may be' : 'in slots';
  test(`random programs give the same results ${where} as with memory for each value`, () => {
    let programs = 0;
    let ratios = 0;
    let worst = 1;
    let above = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
        const { recording, returned } = programOf(steps);
        const plan = makePlan(recording, returned, [], backend);
        assert.equal(interpret(plan.launches, returned, plan), interpret(recording.launches, returned));
        assert.ok(plan.peakBytes >= plan.lowerBoundBytes);
        const ratio = plan.lowerBoundBytes === 0 ? 1 : plan.peakBytes / plan.lowerBoundBytes;
        programs++;
        ratios += ratio;
        worst = Math.max(worst, ratio);
        if (ratio > 1.15) above++;
      }),
      { numRuns: 1000, seed: 1 },
    );
    console.log(
      `# ${programs} programs: peak memory ${(ratios / programs).toFixed(3)} x the lower bound, at worst ${worst.toFixed(2)} x, ${above} above 1.15 x`,
    );
    assert.ok(ratios / programs < 1.01 && above <= 5);
  });

  test(`values that live at once have places of their own, ${where}, and slots are large enough`, () => {
    let inPlace = 0;
    let besides = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
        const { recording, returned } = programOf(steps);
        const plan = makePlan(recording, returned, [], backend);
        const lives = new Map<number, { first: number; last: number; length: number }>();
        const touch = (storage: Storage | null, at: number) => {
          if (storage === null || storage.kind === 'state') return;
          const first = storage.kind === 'input' ? -1 : at;
          const life = lives.get(storage.ordinal) ?? { first, last: at, length: storage.length };
          lives.set(storage.ordinal, { ...life, last: at });
        };
        for (const [at, { operands }] of plan.launches.entries()) {
          for (const storage of operands) touch(storage, at);
        }
        for (const storage of returned) touch(storage, plan.launches.length);
        const placed = [...lives];
        placed.forEach(([ordinal, life], i) => {
          const { slot, offset } = plan.placeOf.get(ordinal)!;
          const end = offset + 4 * life.length;
          assert.is(offset % 256, 0);
          assert.ok(plan.slotBytes[slot]! >= end);
          for (const [other, second] of placed.slice(0, i)) {
            const place = plan.placeOf.get(other)!;
            if (life.first > second.last || second.first > life.last || place.slot !== slot) continue;
            besides++;
            const otherEnd = place.offset + 4 * second.length;
            if (offset >= otherEnd || place.offset >= end) continue;
            const [from, to] = life.first < second.first ? [life, second] : [second, life];
            const launch = plan.launches[to.first];
            const replaced = backend.inPlace && launch?.kernel.name === 'map' && from.last === to.first;
            const same = from.length === to.length && place.offset === offset;
            assert.ok(replaced && same, `${ordinal} and ${other} overlap in slot ${slot}`);
            inPlace++;
          }
        });
        if (!backend.inPlace) for (const launch of plan.launches) assertReadsOtherSlots(launch, plan);
      }),
      { numRuns: 500, seed: 2 },
    );
    assert.is(inPlace > 50, backend.inPlace, `${inPlace} results in place`);
    assert.ok(besides > 20, `${besides} values beside others`);
  });
}

/** WebGPU refuses a launch that reads one part of a buffer and writes another. */
function assertReadsOtherSlots(launch: Launch, { placeOf }: Plan): void {
  const slotsOf = (of: typeof writes) =>
    launch.operands.flatMap((storage, i) =>
      storage !== null && storage.kind !== 'state' && of(launch, i)
        ? [placeOf.get(storage.ordinal)!.slot]
        : [],
    );
  const written = slotsOf(writes);
  const onlyRead = slotsOf((of, i) => !writes(of, i));
  assert.not.ok(
    onlyRead.some((slot) => written.includes(slot)),
    `${launch.kernel.name} reads and writes one slot`,
  );
}

/** What nothing reads is not uploaded: its place would be that of another value. */
function assertOnlyUsedInputsPlaced(recording: Recording, returned: readonly Storage[], plan: Plan): void {
  const used = new Set([...returned, ...plan.launches.flatMap(({ operands }) => operands)]);
  for (const input of recording.inputs)
    assert.is(plan.placeOf.has(input.ordinal), used.has(input), `input ${input.ordinal}`);
}

test('random programs give the same results when cheap launches are done again, and some are', () => {
  let repeated = 0;
  let saved = 0;
  for (const backend of BACKENDS) {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
        const { recording, returned } = programOf(steps);
        const plain = makePlan(recording, returned, [], backend);
        const plan = makePlan(recording, returned, [], backend, false, new Set(['make', 'map', 'fillPart']));
        assert.equal(interpret(plan.launches, returned, plan), interpret(recording.launches, returned));
        assertOnlyUsedInputsPlaced(recording, returned, plan);
        repeated += plan.launches.length - plain.launches.length;
        saved += plain.lowerBoundBytes - plan.lowerBoundBytes;
      }),
      { numRuns: 1000, seed: 5 },
    );
  }
  console.log(`# ${repeated} launches were done again`);
  assert.ok(repeated > 50 && saved > 0, `${repeated} again, ${saved} bytes saved`);
});

test('a launch is not done again where what it reads has changed since', () => {
  const state = newState(4);
  // As a parameter is of its arena.
  const around = { ...state, range: { ...state.range, length: 8 } };
  const again = (change: 'nothing' | 'a state' | 'its arena' | 'a temporary') => {
    const { recording, result: last } = record(() => {
      const recording = currentRecording();
      const [source, wide, narrow, cheap, last] = [64, 5000, 4, 1000, 4].map((length) =>
        recording.temporary('float32', length),
      );
      recording.launch(kernelOf('other', ['write']), { i: 0 }, [source]);
      recording.launch(kernelOf('make', ['read', 'read', 'write']), { i: 1 }, [source, state, cheap]);
      // Here most is alive, and what is cheap lies idle.
      recording.launch(kernelOf('other', ['read', 'write']), { i: 2 }, [source, wide]);
      recording.launch(kernelOf('other', ['read', 'write']), { i: 3 }, [wide, narrow]);
      if (change === 'a state') recording.launch(kernelOf('update', ['read_write']), { i: 4 }, [state]);
      if (change === 'its arena') recording.launch(kernelOf('update', ['read_write']), { i: 4 }, [around]);
      if (change === 'a temporary')
        recording.launch(kernelOf('fillPart', ['read_write']), { i: 4 }, [source]);
      const access = ['read', 'read', 'read', 'write'] as const;
      recording.launch(kernelOf('other', access), { i: 5 }, [source, narrow, cheap, last]);
      return last;
    });
    const plan = makePlan(recording, [last], [], BACKENDS[0]!, false, new Set(['make']));
    if (change !== 'its arena')
      assert.equal(interpret(plan.launches, [last], plan), interpret(recording.launches, [last]));
    return plan.launches.filter(({ kernel }) => kernel.name === 'make').length;
  };
  assert.equal((['nothing', 'a state', 'its arena', 'a temporary'] as const).map(again), [2, 1, 1, 1]);
});

test('every state write stays, in order; launches that reach nothing go', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
      const { recording, returned } = programOf(steps);
      const kept = new Set(returned);
      const alive = dropUnused(recording.launches, kept);
      const updates = (launches: readonly Launch[]) =>
        launches.filter(({ kernel }) => kernel.name === 'update');
      assert.equal(updates(alive), updates(recording.launches));
      assert.equal(interpret(alive, returned), interpret(recording.launches, returned));
      for (const [at, launch] of alive.entries()) {
        const useful = launch.operands.some((storage, i) => {
          if (storage === null || !writes(launch, i)) return false;
          const later = alive
            .slice(at + 1)
            .some((other) => other.operands.some((o, j) => o === storage && reads(other, j)));
          return storage.kind === 'state' || kept.has(storage) || later;
        });
        assert.ok(useful, `${launch.kernel.name} ${launch.attributes.i} reaches nothing`);
      }
    }),
    { numRuns: 500, seed: 3 },
  );
});

/** Any two `make` launches that follow each other become one; its attributes hold both. */
const anyPair: FusionRule = {
  name: 'any pair',
  first: ['make'],
  second: 'make',
  merge(first, second, operand) {
    const operands = [...first.operands.slice(0, -1), ...second.operands.filter((_, i) => i !== operand)];
    const access = operands.map((_, i) => (i === operands.length - 1 ? 'write' : 'read') as Access);
    const attributes = { i: second.attributes.i, parts: [first, second] };
    return { kernel: kernelOf('make', access), attributes, operands };
  },
};

/** Fused launches taken apart again, each at its place. */
function expand(launches: readonly Launch[]): Launch[] {
  return launches.flatMap((launch) =>
    'parts' in launch.attributes ? expand(launch.attributes.parts) : [launch],
  );
}

test('fusion never loses a value that something else needs, nor moves a read past a write of its state', () => {
  let fused = 0;
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 30 }), (steps) => {
      const { recording, returned } = programOf(steps);
      const kept = new Set(returned);
      const before = dropUnused(recording.launches, kept);
      const after = fuse(before, kept, [anyPair]);
      fused += before.length - after.length;
      assert.equal(interpret(expand(after), returned), interpret(before, returned));
      const written = new Set<Storage>();
      for (const launch of after) {
        launch.operands.forEach((storage, i) => {
          if (storage?.kind === 'temporary' && !writes(launch, i))
            assert.ok(written.has(storage), 'written before read');
        });
        launch.operands.forEach((storage, i) => {
          if (storage !== null && writes(launch, i)) written.add(storage);
        });
      }
      for (const storage of returned)
        assert.ok(storage.kind !== 'temporary' || written.has(storage), 'returned values exist');
    }),
    { numRuns: 1000, seed: 4 },
  );
  console.log(`# ${fused} launches were fused away`);
  assert.ok(fused > 200);
});

test('fusion is refused where the value between is returned, read twice, or its state changes', () => {
  const state = newState(4);
  const program = (options: { keep?: boolean; twice?: boolean; change?: boolean }) => {
    const { result } = record(() => {
      const recording = currentRecording();
      const [middle, last, extra] = [4, 4, 4].map((length) => recording.temporary('float32', length));
      recording.launch(kernelOf('make', ['read', 'write']), { i: 0 }, [state, middle]);
      if (options.change) recording.launch(kernelOf('update', ['read_write']), { i: 1 }, [state]);
      recording.launch(kernelOf('make', ['read', 'write']), { i: 2 }, [middle, last]);
      if (options.twice) recording.launch(kernelOf('other', ['read', 'write']), { i: 3 }, [middle, extra]);
      const kept = new Set<Storage>([
        last,
        ...(options.keep ? [middle] : []),
        ...(options.twice ? [extra] : []),
      ]);
      return fuse(recording.launches, kept, [anyPair]);
    });
    return result.map(({ attributes }) => attributes.i);
  };
  assert.equal(program({}), [2], 'fused');
  assert.equal(program({ keep: true }), [0, 2]);
  assert.equal(program({ twice: true }), [0, 2, 3]);
  assert.equal(program({ change: true }), [0, 1, 2]);
});

test.run();
