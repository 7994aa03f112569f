/** Two engines side by side: equal results first, then rounds A B A B ..., then ratios. */
import { setTimeout as rest } from 'node:timers/promises';
import { EngineClient } from './engine-client.mjs';
import { TorchClient } from './torch-client.mjs';

/**
 * Before each run, in milliseconds: threads of an engine that is done look for new work for a while before they sleep,
 * and would take a core from the other one. Those of PyTorch's OpenMP do so for some ten milliseconds, those of OpenBLAS,
 * which computes its linear layers, for 2^28 ticks of the processor's counter: 103 ms at 2.6 GHz.
 */
const REST_MS = 200;

/**
 * Times `ours` beside `peer` for `rounds` rounds, after `warmUpRuns` that are not counted. Throws when they are
 * not on the same adapter (unless `sameAdapter` is false), or when `agreement` (agreement.mjs) finds a run's result wrong: the time of a wrong
 * answer is none. `profile` asks ours for its launches.
 */
export async function compare(options) {
  const {
    ours,
    peer,
    common,
    agreement,
    warmUpRuns,
    rounds,
    profile,
    target,
    sameAdapter = true,
    log,
  } = options;
  const engines = [];
  try {
    for (const options of [ours, peer]) engines.push(await openEngine({ ...common, ...options }));
    const [a, b] = engines;
    if (sameAdapter && a.adapter !== b.adapter) {
      throw new Error(`${a.name} runs on ${a.adapter}, ${b.name} on ${b.adapter}`);
    }
    log(`${a.name} and ${b.name}, batch ${common.batch}, on ${a.setting}`);

    const results = engines.map(({ name, setting }) => ({ name, setting, rounds: [], cpuRounds: [] }));
    const runOne = async (i) => {
      await rest(REST_MS);
      const run = await engines[i].run();
      agreement.add(i, run.values);
      const { counters, peakBytes, residentBytes } = run;
      Object.assign(results[i], { counters, peakBytes, residentBytes });
      return run;
    };
    for (let i = 0; i < warmUpRuns; i++) {
      for (const at of [0, 1]) {
        const { milliseconds } = await runOne(at);
        results[at].firstMilliseconds ??= milliseconds;
        log(`  before the rounds: ${engines[at].name} took ${milliseconds.toFixed(0)} ms`);
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
      ...agreement.result(),
      ...ratios(results, target),
      ...(profile && { profile: await a.profile() }),
    };
  } finally {
    for (const engine of engines) engine.close();
  }
}

function openEngine(options) {
  return options.engine === 'torch' ? TorchClient.open(options) : EngineClient.open(options);
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
