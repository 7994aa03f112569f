/** Ctrl-C at every moment of an epoch and of its validation: the run is saved, and resumed it gives the same bytes. */
import { finetune, type FinetuneResult, resume } from '#src/finetune/index';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assertSameRuns, fullRun, smallData } from './full-support.js';
import { fails, newPath } from './support.js';

const data = smallData();
/** Two batches of four micro-batches, three batches of validation, two of the test images. */
const options = () => fullRun(data, { epochs: 1, batchSize: 8, microBatch: 2, batchNorm: 'train' });

/** A signal that is aborted from the `n`th time on that somebody looks. */
class CountedSignal {
  looks = 0;
  readonly #aborts: number;

  constructor(aborts = Number.POSITIVE_INFINITY) {
    this.#aborts = aborts;
  }

  get aborted(): boolean {
    return ++this.looks >= this.#aborts;
  }

  /** What functions take; they do no more than look. */
  get signal(): AbortSignal {
    return this as unknown as AbortSignal;
  }
}

let whole: FinetuneResult;
/** Looks until the first step has begun, and in all. */
let begun = 0;
let all = 0;

test('a run that is not interrupted looks at the signal between all pieces of its work', async () => {
  await finetune(options()); // decodes the images: later runs do not, and look less often
  const counted = new CountedSignal();
  whole = await finetune(options(), {
    signal: counted.signal,
    onEvent: (event) => {
      if (begun === 0 && event.type === 'progress' && event.task === 'epoch 1/1') begun = counted.looks;
    },
  });
  all = counted.looks;
  // Before the second step, before each batch of validation and of the test, and where the run may end.
  assert.ok(all - begun >= 1 + 3 + 2, `${all - begun} looks`);
});

test('interrupted at any look of the full stage and resumed, it ends with the same bytes', async () => {
  const saved: string[] = [];
  for (let look = begun + 1; look <= all; look++) {
    const { signal } = new CountedSignal(look);
    const run = newPath();
    const result = await finetune({ ...options(), out: run }, { signal }).catch((error: Error) => error);
    if (result instanceof Error) {
      // Only the test images are left.
      assert.match(
        result.message,
        /^the run is complete and saved, only its test part was not evaluated to the end/,
      );
      saved.push('complete');
    } else if (result.interrupted) {
      assert.equal(result.epochs, []);
      const resumed = await resume({ resume: run });
      assert.equal(resumed.test, whole.test);
      assert.equal(resumed.epochs[0]?.lr, whole.epochs[0]?.lr, 'also where no step was left');
      assert.equal(resumed.best, whole.best);
      saved.push('interrupted');
    } else {
      saved.push('ended');
    }
    await assertSameRuns(run, whole.run);
  }
  console.log(`# ${saved.join(', ')}`);
  assert.ok(saved.filter((how) => how === 'interrupted').length >= 4, `${saved}`);
  assert.ok(saved.includes('complete'), `${saved}`);
});

test('an interruption before the first step leaves no run folder', async () => {
  for (const look of [1, begun - 1]) {
    const { signal } = new CountedSignal(look);
    await fails(finetune(options(), { signal }), 'interrupted', /interrupted/);
  }
});

test.run();
