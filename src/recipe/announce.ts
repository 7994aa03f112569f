/** What a run tells before it begins: every resolved value that counts, and where it comes from. */
import { fieldsWithout, inputRow, kindOfNetwork, parseAugment } from '../inputs/index.js';
import type { Listener } from './events.js';
import { CLASS_METHOD_FIELDS, HEAD_METHOD_FIELDS, isMethodField, isTold } from '../methods/index.js';
import { findModel } from '../models/index.js';
import { takesMomentum } from './contradictions.js';
import type { Recipe } from './recipe-schema.js';
import { rowOf, type Task, type TaskKind } from '../tasks/index.js';
import { isScheduleField, schedulesWith } from './schedule.js';

/** Heads that are not fitted. */
const HEAD_TEXT: Readonly<Record<Exclude<Recipe['head'], 'logistic'>, string>> = {
  'nearest-neighbors': 'a vote of the most similar training samples',
  prototypes: 'the nearest mean of a class',
};

/** `head` is what the head that is fitted is called. */
const STRATEGY_TEXT: Readonly<Record<Recipe['strategy'], (head: string) => string>> = {
  probe: () => 'features of the frozen network once, then',
  full: () => 'all layers from the start, with a new head',
  'probe-then-full': (head) => `first a ${head} head on the frozen network, then all layers`,
  gradual: (head) =>
    `first a ${head} head on the frozen network, then group after group of layers from the top`,
};

/** What follows from the number of images where nothing is said. */
const BY_SIZE: readonly (keyof Recipe)[] = ['strategy', 'epochs', 'augment', 'crop_scale'];

/** Told in another way, or when it is known; or no part of the method. */
const ELSEWHERE: readonly (keyof Recipe)[] = [
  'data',
  'val',
  'images',
  'val_split',
  'model',
  'weights',
  'device',
  'adapter',
  'precision',
  'memory',
  'checkpoint_minutes',
  'tensorboard',
  'histograms',
];

/** All that a probe takes from a recipe. */
const OF_PROBE: readonly (keyof Recipe)[] = ['strategy', 'label', 'target', 'head', 'image_size', 'seed'];
/** What else there is by the kind of its head. */
const OF_HEAD: Readonly<Record<Recipe['head'], readonly (keyof Recipe)[]>> = {
  logistic: ['head_epochs', ...HEAD_METHOD_FIELDS],
  'nearest-neighbors': ['neighbors'],
  prototypes: [],
};

/** What counts for classes alone. */
const OF_CLASSES: readonly (keyof Recipe)[] = ['head', 'neighbors', ...CLASS_METHOD_FIELDS];

export interface Announcement {
  readonly recipe: Recipe;
  /** The fields that flags or a recipe file have set. */
  readonly given: Partial<Recipe>;
  /** Whether rates are told when they are measured. */
  readonly isRateOpen: boolean;
  readonly images: { readonly train: number; readonly val: number; readonly test: number };
  readonly task: Task;
  /** What was taken for labels or values where nobody said so. */
  readonly note: string | null;
  /** Training images of the class that has the fewest. */
  readonly smallestClass: number;
}

/** Above it a rate is hardly one of AdamW's. */
const MOST_ADAMW = 0.01;

/** The note on a rate given alone: whose it is by default. A rate of SGD is ten to a thousand times too high for AdamW. */
function rateNote({ strategy, optimizer, lr }: Recipe, given: Partial<Recipe>): string | null {
  const isAsked = given.lr !== undefined && given.optimizer === undefined;
  if (strategy === 'probe' || !isAsked || optimizer !== 'adamw' || lr <= MOST_ADAMW) return null;
  return `Note: --lr ${lr} is the rate of AdamW, which is used by default; usual are 0.00001 to 0.001. For a rate of SGD add --optimizer sgd.`;
}

/** Tells it as notes. */
export function announce(
  { recipe, given, isRateOpen, images, task, note: taken, smallestClass }: Announcement,
  onEvent?: Listener,
): void {
  const note = (text: string) => onEvent?.({ type: 'note', text });
  const { train, val, test } = images;
  const rest = `${val} to validate${test > 0 ? `, ${test} to test` : ''}`;
  const { files } = inputRow(kindOfNetwork(findModel(recipe.model)));
  note(`${train} ${files.many} to train${task.detailOf(smallestClass)}, ${rest}.`);
  if (val === 0)
    note(
      'Note: there is nothing to validate with, so nothing says how good the network is on other samples.',
    );
  note(`${task.summary}.`);
  if (taken !== null) note(taken);
  note(`${recipe.model} with weights ${recipe.weights}.`);
  const fitted = `a ${task.headName} head until it converges`;
  const made = recipe.head === 'logistic' ? fitted : HEAD_TEXT[recipe.head];
  const head = recipe.strategy === 'probe' ? ` ${made}` : '';
  note(`Strategy ${recipe.strategy}: ${STRATEGY_TEXT[recipe.strategy](task.headName)}${head}.`);
  const isGiven = (field: keyof Recipe) => given[field] !== undefined;
  // Columns that were not named are in the sentences above.
  const isSaid = (field: keyof Recipe) => (field === 'label' || field === 'target') && !isGiven(field);
  const isSaidLater = (field: keyof Recipe) => isRateOpen && (field === 'lr' || field === 'head_lr');
  const fields = (Object.keys(recipe) as (keyof Recipe)[]).filter(
    (field) => isInEffect(field, recipe, task.info.kind) && !isSaid(field) && !isSaidLater(field),
  );
  const groups: [title: string, fields: (keyof Recipe)[]][] = [
    ['Given', fields.filter(isGiven)],
    [
      `For ${train} training ${files.many}`,
      fields.filter((field) => !isGiven(field) && BY_SIZE.includes(field)),
    ],
    ['By default', fields.filter((field) => !isGiven(field) && !BY_SIZE.includes(field))],
  ];
  for (const [title, members] of groups) {
    const texts = members.map((field) => `${field.replaceAll('_', '-')} ${recipe[field]}`);
    if (texts.length > 0) note(`${title}: ${texts.join(', ')}.`);
  }
  const ofRate = rateNote(recipe, given);
  if (ofRate !== null) note(ofRate);
}

/** Whether a field is a setting of the method that changes anything in this recipe, for a task. */
export function isInEffect(field: keyof Recipe, recipe: Recipe, task: TaskKind): boolean {
  if (recipe[field] === null || ELSEWHERE.includes(field)) return false;
  if (fieldsWithout(kindOfNetwork(findModel(recipe.model))).includes(field)) return false;
  if (rowOf(task).withoutClasses !== null && OF_CLASSES.includes(field)) return false;
  if (recipe.strategy === 'probe') return [...OF_PROBE, ...OF_HEAD[recipe.head]].includes(field);
  if (field === 'head' || field === 'neighbors') return false;
  if (isMethodField(field)) return isTold(field, recipe);
  if (isScheduleField(field)) return schedulesWith(field).includes(recipe.schedule);
  switch (field) {
    case 'head_epochs':
      return recipe.strategy !== 'full';
    case 'unfreeze_epochs':
      return recipe.strategy === 'gradual';
    case 'momentum':
      return takesMomentum(recipe);
    case 'lr_decay':
      return recipe.lr_decay < 1;
    case 'on_explosion':
      return recipe.on_explosion !== 'stop';
    case 'nesterov':
      return recipe.optimizer === 'sgd';
    case 'crop_scale':
      return parseAugment(recipe.augment).view === 'standard';
    default:
      return true;
  }
}
