/** What `attune advise` says: findings, each with what to do, why, and who has shown it. */
import type { SampleWords } from '../../inputs/index.js';
import type { DataFacts, PlacedImage, Suspect } from './data-facts.js';

/** One finding, with what to do about it. */
export interface Advice {
  /** Name of the rule. */
  readonly rule: string;
  /** What was found, in one sentence. */
  readonly finding: string;
  /** What to do about it. */
  readonly advice: string;
  /** Where it is shown that this helps; null where nothing has to be shown. */
  readonly source: string | null;
}

/** Null where there is nothing to say. */
export type Rule<Facts> = (facts: Facts) => Omit<Advice, 'rule'> | null;

/** What the rules say of the facts, in the order of the rules. */
export function applyRules<Facts>(rules: Readonly<Record<string, Rule<Facts>>>, facts: Facts): Advice[] {
  return Object.entries(rules).flatMap(([rule, apply]) => {
    const advice = apply(facts);
    return advice === null ? [] : [{ rule, ...advice }];
  });
}

/** `1 image`, `2 images` */
export function images(count: number): string {
  return `${count} ${count === 1 ? 'image' : 'images'}`;
}

/** What is said of the images that `leaked` finds. */
export function shownTwice(count: number): string {
  return `${images(count)} of the validation or test part ${count === 1 ? 'shows' : 'show'} what a training image shows`;
}

/** `93.1 %` */
export function share(fraction: number): string {
  return `${(100 * fraction).toFixed(1)} %`;
}

/** `a.jpg and b.jpg`, or the first few of more. */
export function named(paths: readonly string[]): string {
  const most = 3;
  const more = paths.length - most;
  return more > 0 ? `${paths.slice(0, most).join(', ')} and ${more} more` : paths.join(', ');
}

/** Training images that validation or test has too: each inflates what is measured. */
export function leaked({ duplicates }: Pick<DataFacts, 'duplicates'>): PlacedImage[] {
  return duplicates
    .filter(({ images: members }) => members.some(({ part }) => part === 'train'))
    .flatMap(({ images: members }) => members.filter(({ part }) => part !== 'train'));
}

/** From this held-out probability of another class on, a label is probably wrong. */
const SURE = 0.9;
/** Features that tell fewer of the images apart are wrong more often than labels are. */
const KNOWS = 0.8;

/** Images that look like another class so clearly that their labels are probably wrong. */
export function probablyMislabelled({ features }: Pick<DataFacts, 'features'>) {
  if (features === null || features.accuracy < KNOWS) return [];
  return features.suspects.filter(({ looks_like_probability: other }) => other >= SURE);
}

/** Cross-validation, as it can be typed: `--folds` takes no samples that have a validation part of their own. */
export function crossValidation(isSplit: boolean, { many }: SampleWords): string {
  return isSplit
    ? `cross-validation (--folds 5) uses all ${many}`
    : `cross-validation uses all ${many}: with training and validation ${many} in one folder, or a CSV file without a column split, add --folds 5`;
}

/** `a.png looks like bag with a probability of 97.1 %` */
export function doubted(suspects: readonly Suspect[]): string {
  return named(
    suspects.map(
      ({ path, looks_like, looks_like_probability: probability }) =>
        `${path} looks like ${looks_like} with a probability of ${share(probability)}`,
    ),
  );
}
