/** What is said of a data set: one rule per finding. */
import { counted } from '../../text.js';
import { inputRow } from '../../inputs/index.js';
import {
  applyRules,
  crossValidation,
  doubted,
  type Advice,
  images,
  leaked,
  named,
  probablyMislabelled,
  type Rule,
  share,
  shownTwice,
} from './advice.js';
import { IMBALANCED } from '../../methods/index.js';
import type { DataFacts } from './data-facts.js';

/** Below these a class is too small to learn, and a validation set too small to tell two runs apart. */
const SMALL_CLASS = 10;
const SMALL_VALIDATION = 100;
/** Share of the training images from which on copies count. */
const MANY_COPIES = 0.01;
/** Side of the network's input by the short side of a picture, from which on it sees blown-up pixels. */
const BLOWN_UP = 2;
/** Side of the input of a network for ImageNet. */
const IMAGENET_SIDE = 224;

export const DATA_RULES: Readonly<Record<string, Rule<DataFacts>>> = {
  unreadable({ images: { skipped } }) {
    if (skipped.length === 0) return null;
    return {
      finding: `${counted(skipped.length, 'entry is', 'entries are')} left out: ${named(skipped.map(({ path, reason }) => `${path} (${reason})`))}`,
      advice: 'see that no image you need is among them; training ends where more than 5 % cannot be read',
      source: null,
    };
  },

  'duplicates-across-parts'(facts) {
    const found = leaked(facts);
    if (found.length === 0) return null;
    return {
      finding: `${shownTwice(found.length)}: ${named(found.map(({ path }) => path))}`,
      advice: 'remove them from one of the two, or the measured accuracy is too high',
      source:
        'Barz and Denzler, Do We Train on Test Data?, 2020: 3.3 % of the test images of CIFAR-10 were such',
    };
  },

  'duplicates-with-two-labels'({ duplicates }) {
    const found = duplicates.filter(({ images: same }) => new Set(same.map((image) => image.class)).size > 1);
    if (found.length === 0) return null;
    const first = found[0].images;
    return {
      finding: `${found.length === 1 ? 'one picture is' : `${found.length} pictures are`} in more than one class: ${named(first.map(({ path }) => path))}`,
      advice: 'decide which class is right, and remove the other copies',
      source: null,
    };
  },

  'duplicates-in-training'({ duplicates, images: { train } }) {
    const copies = duplicates.reduce(
      (sum, { images: same }) => sum + Math.max(0, same.filter(({ part }) => part === 'train').length - 1),
      0,
    );
    if (copies === 0 || copies < MANY_COPIES * train) return null;
    return {
      finding: `${images(copies)} of the training part ${copies === 1 ? 'is a copy of another' : 'are copies of others'} (${share(copies / train)})`,
      advice: 'remove them: they count several times, and the data set is smaller than it looks',
      source: null,
    };
  },

  'probable-label-errors'(facts) {
    const found = probablyMislabelled(facts);
    if (found.length === 0) return null;
    return {
      finding: `${images(found.length)} with a doubtful label: ${doubted(found)}`,
      advice: 'look at them, all others in the order of their doubt are in --json',
      source: 'Northcutt, Jiang and Chuang, Confident Learning, 2021',
    };
  },

  imbalance({ imbalance, classes }) {
    if (imbalance < IMBALANCED) return null;
    const [least, most] = [...classes]
      .sort((a, b) => a.train - b.train)
      .filter((_, i, all) => i === 0 || i === all.length - 1);
    return {
      finding: `class ${most.class} has ${imbalance.toFixed(1)} times the training images of ${least.class}`,
      advice:
        'give rare classes more weight (--class-weights balanced), and go by the macro F1 and not by the accuracy',
      source: 'Buda, Maki and Mazurowski, A systematic study of the class imbalance problem, 2018',
    };
  },

  'small-classes'({ classes }) {
    const small = classes.filter(({ train }) => train < SMALL_CLASS);
    if (small.length === 0) return null;
    return {
      finding: `${small.length === 1 ? 'a class has' : `${small.length} classes have`} fewer than ${SMALL_CLASS} training images: ${named(small.map((entry) => entry.class))}`,
      advice: 'collect more, or leave the network as it is and train a head alone (--strategy probe)',
      source: null,
    };
  },

  'small-validation'({ images: { val }, is_split }) {
    if (val === 0 || val >= SMALL_VALIDATION) return null;
    // Half the width of the normal interval at an accuracy of 90 %.
    const half = 1.96 * Math.sqrt((0.9 * 0.1) / val);
    return {
      finding: `${images(val)} to validate leave an accuracy of 90 % uncertain by ${share(half)} to either side`,
      advice: `do not choose between runs by smaller differences; ${crossValidation(is_split, inputRow('image').files)}`,
      source: 'Wilson, Probable Inference, 1927',
    };
  },

  'no-test-part'({ images: { test, val } }) {
    if (test > 0 || val === 0) return null;
    return {
      finding: 'there is no test part',
      advice:
        'keep some images in test/: the best epoch is chosen by validation, so its accuracy there is flattering',
      source: 'Cawley and Talbot, On Over-fitting in Model Selection, 2010',
    };
  },

  'small-pictures'({ short_side: { median }, features }) {
    const side = features?.side ?? IMAGENET_SIDE;
    if (side < BLOWN_UP * median) return null;
    return {
      finding: `half of the pictures have a short side of ${median} pixels or less, and the network sees ${side}`,
      advice: `that is right for accuracy; a smaller --image-size, such as ${Math.max(32, side >> 1)}, takes a quarter of the time`,
      source: 'Kornblith, Shlens and Le, Do Better ImageNet Models Transfer Better?, 2019',
    };
  },
};

/** All that is said of a data set. */
export function adviseOnData(facts: DataFacts): Advice[] {
  return applyRules(DATA_RULES, facts);
}
