/** Two engines side by side: equal outputs first, then rounds A B A B ..., then ratios. */
import { EngineClient } from './engine-client.mjs';

/** Runs before the timed rounds: the first compiles, the second finds its memory and caches warm. */
const WARM_UP_RUNS = 2;
/** How far outputs may be apart, relative to the largest logit. */
const TOLERANCE = 1e-3;

/**
 * Times `ours` beside `peer` for `rounds` rounds. Throws when they are not on the same adapter, or when an
 * output of any run differs: the time of a wrong answer is none. `profile` asks ours for its launches.
 */
export async function compare({ ours, peer, common, rounds, profile, target, log }) {
  const engines = [];
  try {
    for (const options of [ours, peer]) engines.push(await EngineClient.open({ ...common, ...options }));
    const [a, b] = engines;
    if (a.adapter !== b.adapter) throw new Error(`${a.name} runs on ${a.adapter}, ${b.name} on ${b.adapter}`);
    log(`${a.name} and ${b.name}, batch ${common.batch}, on ${a.setting}`);

    const results = engines.map(({ name, setting }) => ({ name, setting, rounds: [], cpuRounds: [] }));
    const difference = { largest: 0 };
    let reference;
    const runOne = async (i) => {
      const run = await engines[i].run();
      reference ??= run.logits;
      difference.largest = Math.max(difference.largest, relativeDifference(run.logits, reference));
      if (!(difference.largest < TOLERANCE)) {
        throw new Error(
          `outputs of ${a.name} and ${b.name} differ by ${difference.largest} of the largest logit`,
        );
      }
      Object.assign(results[i], { counters: run.counters, peakBytes: run.peakBytes });
      return run;
    };
    for (let i = 0; i < WARM_UP_RUNS; i++) {
      for (const at of [0, 1]) {
        const { milliseconds } = await runOne(at);
        results[at].firstMilliseconds ??= milliseconds;
      }
    }
    for (let round = 0; round < rounds; round++) {
      for (const at of [0, 1]) {
        const { milliseconds, cpuMilliseconds } = await runOne(at);
        results[at].rounds.push(milliseconds);
        results[at].cpuRounds.push(cpuMilliseconds);
      }
      const [ourTime, peerTime] = results.map((result) => result.rounds[round]);
      log(`  round ${round + 1}: ${ourTime.toFixed(0)} and ${peerTime.toFixed(0)} ms`);
    }
    return {
      batch: common.batch,
      engines: results,
      difference: difference.largest,
      ...ratios(results, target),
      ...(profile && { profile: await a.profile() }),
    };
  } finally {
    for (const engine of engines) engine.close();
  }
}

/** max |values - reference| / max |reference|; NaN where either is not finite. */
export function relativeDifference(values, reference) {
  if (values.length !== reference.length) return Number.NaN;
  let difference = 0;
  let largest = 0;
  for (let i = 0; i < values.length; i++) {
    const gap = Math.abs(values[i] - reference[i]);
    if (Number.isNaN(gap)) return Number.NaN;
    difference = Math.max(difference, gap);
    largest = Math.max(largest, Math.abs(reference[i]));
  }
  return difference / largest;
}

/** Median, least and most of some numbers. */
export function spread(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median, min: sorted[0], max: sorted[sorted.length - 1] };
}

/**
 * `ratio`: medians, in the target's own sense: 'speedup' is the peer's time over ours (more is better), 'time'
 * is ours over the peer's (less is better). `roundRatios`: the same within each round, when both met the same
 * load of the machine. `cpuRatio`: the same of the medians of processor time.
 */
function ratios([ours, peer], target) {
  const divide = (mine, theirs) => (target.sense === 'speedup' ? theirs / mine : mine / theirs);
  const ratio = divide(spread(ours.rounds).median, spread(peer.rounds).median);
  const cpuRatio = divide(spread(ours.cpuRounds).median, spread(peer.cpuRounds).median);
  const roundRatios = ours.rounds.map((mine, round) => divide(mine, peer.rounds[round]));
  const met = target.sense === 'speedup' ? ratio >= target.ratio : ratio <= target.ratio;
  return { target: { ...target, met }, ratio, roundRatios, cpuRatio };
}
