/**
 * The methods that bench/methods.mjs compares, each with what is expected of it. A method is one entry: what it adds to
 * the training of all layers, or how it trains instead, and its prediction.
 */
import { summarize } from '../../dist/examples/demo/summary.js';

/** The one that the others are measured by. */
export const REFERENCE = 'full';

/** Epochs of each group of layers, of four, before the next joins. */
const UNFREEZE_EPOCHS = 2;

/**
 * `training`: one of the demo's, else all layers with `options` added; `atLoss`: the way from the start is measured. `prediction`: what its source, or this project's
 * own demo, leads one to expect; `check(result, reference, all)` measures it: { shown, measured }.
 */
export const METHODS = [
  {
    name: 'from scratch',
    training: 'scratch',
    prediction: 'at least 5 points below full (the demo)',
    check: (own, full) => atLeast(5, full, own, ['below', 'above']),
  },
  {
    name: 'probe',
    training: 'probe',
    prediction: 'less accurate than full: the features know no bags (Kornblith et al., 2019)',
    check: (own, full) => atLeast(0, full, own, ['below', 'above']),
  },
  {
    name: REFERENCE,
    atLoss: true,
    prediction: 'at least 5 points above the training from scratch (the demo)',
    check: (own, _, all) => atLeast(5, own, all['from scratch'], ['above', 'below']),
  },
  {
    name: 'probe-then-full',
    options: { strategy: 'probe-then-full' },
    prediction: 'at least as accurate as full (Kumar et al., 2022)',
    check: (own, full) => atLeast(0, own, full, ['above', 'below']),
  },
  {
    name: 'gradual',
    options: { strategy: 'gradual', unfreezeEpochs: UNFREEZE_EPOCHS },
    prediction: 'computes no gradient below the lowest layer that is trained',
    check: (own) => own.gradientLaunches,
  },
  {
    name: 'lr-decay 0.75',
    options: { lrDecay: 0.75 },
    prediction: 'the first convolution moves at most half as far as with one rate',
    check: (own, full) => atMost(0.5, own.stemDistance, full.stemDistance, 'of the way'),
  },
  {
    name: 'L2-SP 3',
    options: { l2Sp: 3 },
    atLoss: true,
    prediction: 'at most half as far from the start at the same training loss (Li et al., 2018)',
    check: (own, full) => atMost(0.5, own.distanceAtLoss, full.distanceAtLoss, 'of the way'),
  },
  {
    name: 'mixup 0.2',
    options: { mixup: 0.2 },
    prediction: 'probabilities are closer to shares of right answers (Thulasidasan et al., 2019)',
    check: (own, full) => less(own.calibrationError, full.calibrationError),
  },
  {
    name: 'SAM 0.05',
    options: { sam: 0.05 },
    prediction: 'the loss is less sharp where the training ends (Foret et al., 2021)',
    check: (own, full) => less(own.sharpness, full.sharpness),
  },
  {
    name: 'EMA 0.9',
    options: { ema: 0.9 },
    prediction: 'seeds spread less',
    check: (own, full) => {
      const [less, more] = [own, full].map(({ accuracy }) => 100 * summarize(accuracy).deviation);
      return {
        shown: less < more,
        measured: `a deviation of ${less.toFixed(2)} points, full ${more.toFixed(2)}`,
      };
    },
  },
];

/** Whether `a` is more accurate than `b` by so many points in the mean; words for where it is, and is not. */
function atLeast(points, a, b, [word, otherwise]) {
  const gain = 100 * (summarize(a.accuracy).mean - summarize(b.accuracy).mean);
  return {
    shown: gain >= points,
    measured: `${Math.abs(gain).toFixed(1)} points ${gain < 0 ? otherwise : word}`,
  };
}

/** Whether the ratio of two measures, seed by seed, is no more than `most` in the mean. */
function atMost(most, own, full, words) {
  const { mean, deviation } = summarize(own.map((value, i) => value / full[i]));
  return { shown: mean <= most, measured: `${plusMinus(mean, deviation, 2)} ${words}` };
}

/** Whether a measure is below that of full in the mean. */
function less(own, full) {
  const [a, b] = [own, full].map((values) => summarize(values).mean);
  return { shown: a < b, measured: `${a.toFixed(3)}, full ${b.toFixed(3)}` };
}

export function plusMinus(mean, deviation, digits) {
  return deviation === null ? mean.toFixed(digits) : `${mean.toFixed(digits)} ± ${deviation.toFixed(digits)}`;
}
