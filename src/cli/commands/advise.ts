/** `attune advise`: what to know of a data set or a run, and what to do next. */
import {
  type AdviseOptions,
  advise,
  type DataAdvice,
  type DataFacts,
  flagOf,
  type RunAdvice,
  type Suspect,
} from '../../finetune/index.js';
import { commandLine } from '../../runs/command-line.js';
import { findModel } from '../../models/index.js';
import { ADVISE_FLAGS } from '../finetune-flags.js';
import { flagWords } from '../flags.js';
import type { Output } from '../output.js';
import { withSession } from '../session.js';
import { facts, table } from '../table.js';
import { capitalized, count, counted, oneLine, percent, wrap } from '../../text.js';
import { accuracyText } from '../tasks/result-text.js';

const MOST_SUSPECTS = 10;
const MOST_COLUMNS = 100;
const INDENT = '  ';

const { model, weights, label, images: folder, val, valSplit, seed } = ADVISE_FLAGS;
/** What `attune finetune` takes as well. */
const SHARED_FLAGS = { model, weights, label, images: folder, val, valSplit, seed };

export async function adviseCommand(options: AdviseOptions, json: boolean, output: Output): Promise<number> {
  if (options.model !== undefined) findModel(options.model); // before anything is read
  const result = await withSession(output, (context) => advise(options, context));
  if (json) output.json(result);
  else print(result, options, output);
  return 0;
}

function print(result: DataAdvice | RunAdvice, options: AdviseOptions, output: Output): void {
  const { bold } = output.paint;
  output.note('');
  output.print(facts(factLines(result.facts)));
  output.print('', bold('Findings'));
  if (result.advice.length === 0) output.print('None: nothing speaks against what is there.');
  for (const { finding, advice, source } of result.advice)
    output.print(item(`${sentence(finding)} ${sentence(advice)}`, source, output));
  const suspects = result.facts.features?.suspects.slice(0, MOST_SUSPECTS) ?? [];
  if (suspects.length > 0)
    output.print('', bold('Labels to look at, the most doubtful first'), suspectTable(suspects));
  if (result.about === 'data') printProposal(result, options, output);
}

function factLines({ images, classes, imbalance, short_side, duplicates, features }: DataFacts) {
  const { train, val, test } = images;
  const lines: [name: string, value: string][] = [
    ['images', `${count(train)} to train, ${count(val)} to validate, ${count(test)} to test`],
    ['classes', `${count(classes.length)}, the largest ${imbalance.toFixed(1)} times the smallest`],
    [
      'short sides',
      `${short_side.least} to ${short_side.most} pixels, half of them up to ${short_side.median}`,
    ],
    ['copies', duplicates.length === 0 ? 'none' : `of ${counted(duplicates.length, 'picture')}`],
  ];
  if (features !== null)
    lines.push([
      'features',
      `${features.model} as it is tells ${accuracyText(features.accuracy, features.interval)} apart`,
    ]);
  return lines;
}

function suspectTable(suspects: readonly Suspect[]): string[] {
  return table(
    [
      { title: 'image' },
      { title: 'class' },
      { title: 'looks like' },
      { title: 'probability', align: 'right' },
    ],
    suspects.map((image) => [
      image.path,
      image.class,
      image.looks_like,
      percent(image.looks_like_probability),
    ]),
  );
}

function printProposal({ proposal }: DataAdvice, { path, ...options }: AdviseOptions, output: Output): void {
  const { bold } = output.paint;
  output.print('', bold('Proposal'));
  for (const proposed of proposal) output.print(item(proposalText(proposed), proposed.source, output));
  const given = flagWords(options, SHARED_FLAGS);
  const proposed = proposal
    .filter(({ field, is_default }) => !is_default && !given.includes(flagOf(field)))
    .flatMap(({ field, value }) => [flagOf(field), String(value)]);
  output.print('', bold('Next'), commandLine(['finetune', path, ...given, ...proposed]));
}

/** What is proposed for a field, and why; of a rate that is measured, how high it may become. */
export function proposalText({
  field,
  value,
  reason,
  measured_at_most: most,
}: DataAdvice['proposal'][number]): string {
  const told = most === null ? value : `measured before the first step, at most ${most}`;
  return `${flagOf(field)} ${told}: ${reason}.`;
}

/** A point of a list with where it is from, in lines of the terminal's width. */
function item(text: string, source: string | null, output: Output): string[] {
  const width = Math.min(output.columns, MOST_COLUMNS) - INDENT.length - 1;
  const wrapped = [text, ...(source === null ? [] : [`(${source})`])].map((each) =>
    wrap(oneLine(each), width),
  );
  return wrapped
    .join('\n')
    .split('\n')
    .map((line, i) => `${i === 0 ? '- ' : INDENT}${line}`);
}

/** A text as a sentence of its own. */
function sentence(text: string): string {
  return `${capitalized(text)}.`;
}
