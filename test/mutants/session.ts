/** Makes mutants one after another in a throw-away copy, and runs the tests that concern each. */
import { mutated } from './operators.js';
import { type Mutant, ordered } from './select.js';
import type { Language } from './source.js';
import type { Survivor } from './survivors.js';
import type { Target } from './targets.js';
import { runTests } from './test-process.js';
import type { Tree } from './tree.js';

export type Outcome = 'killed' | 'argued' | 'survived' | 'invalid';

export interface Judged {
  readonly mutant: Mutant;
  readonly outcome: Outcome;
  /** What killed it, or why it is no program. */
  readonly reason: string;
}

/** Messages of compilers and engines about what is no program at all. */
const INVALID = /SyntaxError|ReferenceError|the shader does not compile|the GPU cannot build a pipeline/;

/**
 * Without a message for this long, and for this many times the longest silence of the unchanged tests, it hangs. A
 * mutant's shader has to be compiled, sometimes in a hundred pipelines, where the unchanged one is in a cache.
 */
const LEAST_SILENCE_MS: Readonly<Record<Language, number>> = {
  javascript: 20_000,
  assemblyscript: 20_000,
  wgsl: 90_000,
};
const SILENCE_FACTOR = 5;
const BASELINE_SILENCE_MS = 180_000;

export class Session {
  private readonly silences = new Map<Language, number>();
  private readonly tree: Tree;
  private readonly environment: NodeJS.ProcessEnv;
  private readonly survivors: readonly Survivor[];

  constructor(tree: Tree, environment: NodeJS.ProcessEnv, survivors: readonly Survivor[]) {
    this.tree = tree;
    this.environment = environment;
    this.survivors = survivors;
  }

  /** Runs the tests of these targets once without a mutant: they must pass. Throws an Error if one fails. */
  async runUnchanged(targets: readonly Target[]): Promise<void> {
    for (const language of new Set(targets.map((target) => target.language))) {
      const tests = targets
        .filter((target) => target.language === language)
        .flatMap((target) => target.tests);
      const ended = await runTests(
        this.tree.path,
        [...new Set(tests)],
        BASELINE_SILENCE_MS,
        this.environment,
      );
      if (ended.failure !== null) throw new Error(`a test fails without a mutant: ${ended.failure}`);
      this.silences.set(
        language,
        Math.max(LEAST_SILENCE_MS[language], SILENCE_FACTOR * ended.longestSilence),
      );
    }
  }

  /** Tries `count` mutants of a file, besides those that are no programs and those that are argued about. */
  async judge(target: Target, count: number): Promise<Judged[]> {
    const judged: Judged[] = [];
    let left = count;
    for (const mutant of ordered(target)) {
      if (left === 0) break;
      const one = await this.judgeOne(mutant);
      judged.push(one);
      if (one.outcome === 'killed' || one.outcome === 'survived') left--;
    }
    return judged;
  }

  private async judgeOne(mutant: Mutant): Promise<Judged> {
    const { target, line } = mutant;
    const argued = this.survivors.find(
      (survivor) =>
        survivor.file === target.name && survivor.line === line && survivor.mutant === mutant.mutant,
    );
    if (argued !== undefined) return { mutant, outcome: 'argued', reason: argued.why };
    this.tree.write(target.file, mutated(target.source, mutant));
    try {
      if (target.language === 'assemblyscript' && !this.tree.buildSimd())
        return { mutant, outcome: 'invalid', reason: 'it does not compile' };
      const silence = this.silences.get(target.language) ?? BASELINE_SILENCE_MS;
      const { failure } = await runTests(this.tree.path, target.tests, silence, this.environment);
      if (failure === null) return { mutant, outcome: 'survived', reason: 'all tests pass' };
      return { mutant, outcome: INVALID.test(failure) ? 'invalid' : 'killed', reason: failure };
    } finally {
      this.tree.write(target.file, target.source);
      if (target.language === 'assemblyscript') this.tree.restoreSimd();
    }
  }
}
