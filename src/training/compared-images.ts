/** The part of a run on which a head is fitted only to compare statistics of batch norm. */
import { epochOrder } from '../inputs/index.js';
import type { Run } from '../runs/run.js';
import type { SamplePart } from '../runs/data/training-data.js';

/** Images that the head is fitted to: more would not change the decision, and take as long as they are many. */
const MOST_IMAGES = 2048;

/**
 * The run on at most so many of its training images, with nothing to validate or test. Its head is the one whose held-out
 * losses can be compared, and says nothing of itself.
 */
export function comparedOn({ recipe, data, context, ...run }: Run): Run {
  const { train } = data;
  const count = train.images.length;
  const labels = train.images.map(({ label }) => label);
  const order = epochOrder(labels, { sampling: 'shuffled', seed: recipe.seed, epoch: 0 });
  const { onEvent } = context;
  return {
    ...run,
    recipe: { ...recipe, head: 'logistic', head_epochs: null },
    data: {
      ...data,
      train: count <= MOST_IMAGES ? train : pick(train, order.subarray(0, MOST_IMAGES)),
      val: pick(data.val, []),
      test: pick(data.test, []),
    },
    context: {
      ...context,
      ...(onEvent && { onEvent: (event) => (event.type === 'note' ? undefined : onEvent(event)) }),
    },
  };
}

function pick({ images, source }: SamplePart, indices: ArrayLike<number>): SamplePart {
  const chosen = Array.from(indices);
  return {
    images: chosen.map((index) => images[index]),
    source: { count: chosen.length, read: (index) => source.read(chosen[index]) },
  };
}
