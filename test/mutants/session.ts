/**
 * Makes mutants in throw-away copies, one after another in each, and runs the tests that concern each. Copies work beside each
 * other: much of a test's time is a compiler that uses one core.
 */
import { mutated } from './operators.js';
import type { Judged, Report, Verdict } from './report.js';
import { type Mutant, ordered } from './select.js';
import type { Language } from './source.js';
import type { Survivor } from './survivors.js';
import type { Target } from './targets.js';
import { runTests } from './test-process.js';
import type { Tree } from './tree.js';

/** Messages of compilers and engines about what is no program at all. */
const INVALID = /SyntaxError|ReferenceError|the shader does not compile|the GPU cannot build a pipeline/;

/** Seconds that a test may take: so many times what it takes without a mutant, and so many more. */
const LIMIT_FACTOR = 3;
const LIMIT_SECONDS = 20;

/** What the unchanged tests may take after any of their messages. */
const UNCHANGED_LIMIT_SECONDS = 300;

export class Session {
  private readonly trees: readonly Tree[];
  private readonly targets: readonly Target[];
  private readonly survivors: readonly Survivor[];
  private readonly report: Report;
  /** By language, the seconds that the unchanged tests take. */
  private readonly unchanged = new Map<Language, Promise<ReadonlyMap<string, number>>>();

  constructor(
    trees: readonly Tree[],
    targets: readonly Target[],
    survivors: readonly Survivor[],
    report: Report,
  ) {
    this.trees = trees;
    this.targets = targets;
    this.survivors = survivors;
    this.report = report;
  }

  /** Judges all targets, as many mutants of each as `count` says. Says what was found of a file as soon as it is known. */
  async judgeAll(
    count: (target: Target) => number,
    say: (target: Target, judged: Judged[]) => void,
  ): Promise<void> {
    const waiting = [...this.targets];
    const work = async (tree: Tree) => {
      for (let target = waiting.shift(); target !== undefined; target = waiting.shift())
        say(target, await this.judge(target, count(target), tree));
    };
    await Promise.all(this.trees.map(work));
  }

  /**
   * Tries `count` mutants of a file, besides those that are no programs and those that are argued about. Throws an
   * Error if a test fails without a mutant.
   */
  private async judge(target: Target, count: number, tree: Tree): Promise<Judged[]> {
    const judged: Judged[] = [];
    let left = count;
    for (const mutant of ordered(target)) {
      if (left === 0) break;
      const one = await this.judgeOne(mutant, tree);
      judged.push(one);
      if (one.outcome === 'killed' || one.outcome === 'survived') left--;
    }
    return judged;
  }

  private async judgeOne(mutant: Mutant, tree: Tree): Promise<Judged> {
    const { target, line } = mutant;
    const settled = this.report.settled(mutant);
    if (settled !== undefined) return { mutant, ...settled };
    const argued = this.survivors.find(
      (survivor) =>
        survivor.file === target.name && survivor.line === line && survivor.mutant === mutant.mutant,
    );
    if (argued !== undefined) return { mutant, outcome: 'argued', reason: argued.why };
    const judged = { mutant, ...(await this.tryOne(mutant, tree)) };
    this.report.add(judged);
    return judged;
  }

  private async tryOne(mutant: Mutant, tree: Tree): Promise<Verdict> {
    const { target } = mutant;
    const unchanged = await this.timesOf(target.language, tree);
    const limit = (message: string) => LIMIT_FACTOR * (unchanged.get(message) ?? 0) + LIMIT_SECONDS;
    tree.write(target.file, mutated(target.source, mutant));
    try {
      if (target.language === 'assemblyscript' && !(await tree.buildSimd()))
        return { outcome: 'invalid', reason: 'it does not compile' };
      const { failure } = await runTests(tree, target.tests, limit);
      if (failure === null) return { outcome: 'survived', reason: 'all tests pass' };
      return { outcome: INVALID.test(failure) ? 'invalid' : 'killed', reason: failure };
    } finally {
      tree.write(target.file, target.source);
      if (target.language === 'assemblyscript') tree.restoreSimd();
    }
  }

  /** The times of the tests without a mutant. They compile every shader, as those of a mutant do. */
  private timesOf(language: Language, tree: Tree): Promise<ReadonlyMap<string, number>> {
    const known = this.unchanged.get(language) ?? this.measureUnchanged(language, tree);
    this.unchanged.set(language, known);
    return known;
  }

  private async measureUnchanged(language: Language, tree: Tree): Promise<ReadonlyMap<string, number>> {
    const tests = this.targets.filter((target) => target.language === language).flatMap(({ tests }) => tests);
    const ended = await runTests(tree, [...new Set(tests)], () => UNCHANGED_LIMIT_SECONDS);
    if (ended.failure !== null) throw new Error(`a test fails without a mutant: ${ended.failure}`);
    // Else every mutant would count as one that does not compile, and the next be tried, without end.
    if (language === 'assemblyscript' && !(await tree.buildSimd()))
      throw new Error('the SIMD kernels do not compile without a mutant');
    return ended.seconds;
  }
}
