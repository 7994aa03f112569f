/** When two engines did the same work: what compare.mjs asks before a time counts. */

/** How far logits may be apart relative to the largest one, and losses relative to each other. */
const TOLERANCE = 1e-3;

/** Inference: all outputs of all runs are the first one again, within `tolerance` of its largest. */
export class SameOutputs {
  #tolerance;
  #reference;
  #largest = 0;

  constructor(tolerance = TOLERANCE) {
    this.#tolerance = tolerance;
  }

  /** Takes an output; throws when it differs from the first. */
  add(_engine, values) {
    this.#reference ??= values;
    this.#largest = Math.max(this.#largest, relativeDifference(values, this.#reference));
    if (!(this.#largest < this.#tolerance)) {
      throw new Error(`the outputs differ by ${this.#largest} of the largest logit`);
    }
  }

  result() {
    return { difference: this.#largest };
  }
}

/**
 * How many times as far the losses of the second step may be apart: they depend on every gradient of the first and on
 * its update, and a step changes the loss by several times as much.
 */
const AFTER_UPDATE = 10;

/**
 * Training: the losses of the first step are the same, and those of the second, once it is made. Later ones are kept but
 * not judged: in float32 differences of rounding grow from step to step.
 */
export class SameLosses {
  #tolerances;
  #losses = [[], []];

  /** @param tolerance of the first step; that of the second is ten times as large */
  constructor(tolerance = TOLERANCE) {
    this.#tolerances = [tolerance, tolerance * AFTER_UPDATE];
  }

  /** Takes the loss of an engine's next step; throws when those of a judged step differ. */
  add(engine, [loss]) {
    this.#losses[engine].push(loss);
    const step = this.#losses[engine].length - 1;
    const [ours, theirs] = this.#losses.map((losses) => losses[step]);
    if (ours === undefined || theirs === undefined || step > 1) return;
    if (!(relativeDifference([ours], [theirs]) < this.#tolerances[step])) {
      throw new Error(`the losses of step ${step + 1} are ${ours} and ${theirs}`);
    }
  }

  result() {
    const [ours, theirs] = this.#losses;
    return { losses: ours.map((loss, step) => [loss, theirs[step]]) };
  }
}

/** max |values - reference| / max |reference|; NaN where either is not finite. */
function relativeDifference(values, reference) {
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
