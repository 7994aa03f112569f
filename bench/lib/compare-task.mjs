/** A comparison of two engines at a task, as compare.mjs makes it, with what decides that their results are equal. */
import { SameLosses, SameOutputs } from './agreement.mjs';
import { compare } from './compare.mjs';

const SEED = 7;

/**
 * Compares `ours` with `peer` at `task`: 'inference', 'training' or 'operation'.
 *
 * @param warmUpRuns default: one of training, which compiles; two of the others, of which the second finds memory and
 *   caches warm
 * @param tolerance how far results may be apart; default: what float32 allows
 * @param memory what is demanded of memory, kept beside the result
 * @returns what `compare` returns, with `name` (default: the task) and `task`
 */
export async function compareTask({
  name,
  task,
  network,
  operation,
  side,
  batch = 1,
  memory,
  tolerance,
  warmUpRuns = task === 'training' ? 1 : 2,
  ...options
}) {
  if (name !== undefined) console.error(name);
  const result = await compare({
    ...options,
    common: { task, network, operation, seed: SEED, batch, side },
    agreement: task === 'training' ? new SameLosses(tolerance) : new SameOutputs(tolerance),
    warmUpRuns,
    log: console.error,
  });
  return { name: name ?? task, task, ...(memory && { memory }), ...result };
}

/**
 * Several comparisons, each whether or not one before it failed: a machine that is lent for an hour must not lose all for
 * one wrong result. { comparisons, failures }; of a failure the name, the batch, the peer and the reason.
 */
export async function compareAll(wanted, compareOne = compareTask) {
  const comparisons = [];
  const failures = [];
  for (const comparison of wanted) {
    try {
      comparisons.push(await compareOne(comparison));
    } catch (error) {
      const { name, batch, peer } = comparison;
      const [reason] = error.message.split('\n', 1);
      failures.push({ name, batch, peer: Object.values(peer).join(' '), reason });
      console.error(`  no time: ${reason}`);
    }
  }
  return { comparisons, failures };
}
