/** What whole-run.mjs prints. */
import { machineLines } from '../report.mjs';
import { summaryOf } from './measure.mjs';

/** First steps whose losses are printed; of them two are judged. */
const LOSSES = [1, 2, 3, 5, 10];

/** Ours beside each peer, by the seconds to the accuracy: what charts.mjs draws. */
export function wholeRunComparisons({ task, engines }) {
  const [ours, ...peers] = engines.map(({ name, setting, runs }) => ({
    ...{ name, setting, rounds: runs.map(({ reached }) => reached.seconds) },
  }));
  const common = { name: `to the accuracy, ${task.name}`, task: 'training', batch: task.batch };
  return peers.map((peer) => ({ ...common, engines: [ours, peer] }));
}

/** @param engines what measureRuns returns: ours first */
export function wholeRunReport({ machine, task, target, rounds, engines }) {
  const summaries = engines.map(summaryOf);
  const percent = (share) => `${(100 * share).toFixed(1)} %`;
  const [ours, ...peers] = engines;
  return [
    `# From a first step to ${percent(target)}: whole runs, side by side`,
    '',
    ...machineLines(machine),
    '',
    `A small ResNet (one block in each of three stages of ${task.widths.join(', ')} channels) learns ${task.name}:`,
    `${task.trainingImages} images of ${task.side} x ${task.side} in ${task.classes} classes, ${task.steps} steps of ${task.batch} images, SGD with Nesterov's momentum`,
    `${task.momentum}, weight decay ${task.weightDecay}, a rate that rises to ${task.lr} and falls along half a cosine. All engines begin with the same`,
    'weights and take the same images in the same order; the loss of the first step must be the same within 1e-3, that',
    `of the second within 1e-2. Accuracy is that on ${task.testImages} other images, by each engine itself.`,
    '',
    `${rounds === 1 ? 'One run of each engine.' : `Medians of ${rounds} runs of each engine (least to most), in turn.`} Seconds: the steps up to the first evaluation`,
    `that came to ${percent(target)}, the first step with its compilation among them, evaluations not. Start: from the start`,
    "of the process to when the first step could be made. TensorFlow.js's WebAssembly backend is not among them: it has",
    "no gradient of a convolution's weights.",
    '',
    `| engine | on | seconds to ${percent(target)} | processor seconds | steps | accuracy at the end | a step in ms | first step in ms | start in s |`,
    '|---|---|---|---|---|---|---|---|---|',
    ...engines.map(({ name, setting }, i) => `| ${[name, setting, ...cells(summaries[i])].join(' | ')} |`),
    '',
    '| attune beside | its time to the accuracy by ours | by round | of processor times | of a step |',
    '|---|---|---|---|---|',
    ...peers.map((peer, i) => `| ${comparison(ours, peer, summaries[0], summaries[i + 1]).join(' | ')} |`),
    '',
    `| step | ${engines.map(({ name }) => `accuracy, ${name}`).join(' | ')} |`,
    `|---|${engines.map(() => '---|').join('')}`,
    ...ours.runs[0].evaluations.map(
      ({ step }, i) =>
        `| ${step} | ${engines.map(({ runs }) => percent(runs[0].evaluations[i].accuracy)).join(' | ')} |`,
    ),
    '',
    `| step | ${engines.map(({ name }) => `loss, ${name}`).join(' | ')} |`,
    `|---|${engines.map(() => '---|').join('')}`,
    ...LOSSES.filter((step) => step <= task.steps).map(
      (step) => `| ${step} | ${engines.map(({ runs }) => runs[0].losses[step - 1].toFixed(5)).join(' | ')} |`,
    ),
    '',
  ].join('\n');
}

function cells({ seconds, processorSeconds, steps, accuracy, stepMilliseconds, ...rest }) {
  const { firstMilliseconds, startSeconds } = rest;
  return [
    range(seconds, 1),
    processorSeconds.median.toFixed(1),
    range(steps, 0),
    `${(100 * accuracy.median).toFixed(1)} %`,
    stepMilliseconds.median.toFixed(1),
    firstMilliseconds.median.toFixed(0),
    startSeconds.median.toFixed(1),
  ];
}

function range({ median, min, max }, digits) {
  const [middle, least, most] = [median, min, max].map((value) => value.toFixed(digits));
  return least === most ? middle : `${middle} (${least} to ${most})`;
}

function comparison(ours, peer, summary, theirs) {
  const byRound = ours.runs.map(({ reached }, i) => peer.runs[i].reached.seconds / reached.seconds);
  return [
    peer.name,
    (theirs.seconds.median / summary.seconds.median).toFixed(2),
    byRound.map((ratio) => ratio.toFixed(2)).join(', '),
    (theirs.processorSeconds.median / summary.processorSeconds.median).toFixed(2),
    (theirs.stepMilliseconds.median / summary.stepMilliseconds.median).toFixed(2),
  ];
}
