/** bench/results/defaults.md from what bench/defaults.mjs has measured. */
import { TASKS } from './tasks.mjs';
import { NETWORKS } from './variants.mjs';

/** What is promised of the new defaults. */
const LIMITS = { meanBelow: 0.01, picturesBelow: 2, firstLoss: 1.5 };

export function defaultsReport(results) {
  const parts = Object.keys(NETWORKS).map((network) => tableOf(network, results));
  return `# What the defaults reach

Six tasks of real pictures at the network's own size, two fifths of them to validate with; the probe, and what follows it with
the defaults as they are and as they were. Accuracy is that of the last epoch, which nothing was chosen by, as mean ± deviation
over seeds (split, order and crops follow from the seed). "Worst" is the run that is most below its probe, in pictures; "first
epoch" the largest ratio of the first epoch's training loss to that of the head before it, under the same augmentation.

    npm install --ignore-scripts nsfwjs emoji-datasource-google
    apt-get install openclipart-png tuxpaint-stamps-default
    node bench/defaults.mjs --work FOLDER --nsfwjs node_modules/nsfwjs --emoji node_modules/emoji-datasource-google --cells BCCD

Measured on ${[...new Set(Object.values(results).map(({ machine }) => `${machine.processor}, Node ${machine.node}, commit ${machine.commit}`))].join('; ') || 'nothing yet'}.

${parts.join('\n\n')}
`;
}

function tableOf(network, results) {
  const rows = Object.keys(TASKS).map((task) => rowOf(network, task, results));
  const measured = rows.filter((row) => row.differences.length > 0);
  const all = measured.flatMap(({ differences }) => differences);
  const overall = all.length === 0 ? 'not measured' : signed(mean(all));
  const held = measured.filter(
    ({ differences, worst, firstLoss, exploded }) =>
      exploded === 0 &&
      mean(differences) >= -LIMITS.meanBelow &&
      worst >= -LIMITS.picturesBelow &&
      firstLoss <= LIMITS.firstLoss,
  );
  return `## ${network === 'small' ? 'The small ResNet of the demo (32 pixels)' : "nsfwjs's MobileNetV2 of 8 bits (224 pixels)"}

| task | seeds | probe | new | old | new less probe | worst | first epoch |
|---|---|---|---|---|---|---|---|
${rows.map(({ cells }) => `| ${cells.join(' | ')} |`).join('\n')}

Over all: ${overall}. Within the limits (a mean at most a point below the probe, no run more than two pictures below, a first
epoch of at most 1.5 times the loss): ${held.length} of ${measured.length} tasks.`;
}

function rowOf(network, task, results) {
  const of = (defaults) =>
    Object.entries(results).flatMap(([name, result]) => {
      const [n, t, d, seed] = name.split(' ');
      return n === network && t === task && d === defaults ? [[Number(seed), result]] : [];
    });
  const [probe, fresh, old] = ['probe', 'new', 'old'].map((defaults) => new Map(of(defaults)));
  const pairs = [...fresh].filter(([seed, { exploded }]) => probe.has(seed) && exploded === undefined);
  const differences = pairs.map(([seed, { accuracy }]) => accuracy - probe.get(seed).accuracy);
  const worst = Math.min(
    ...pairs.map(([seed, { accuracy, images }]) => (accuracy - probe.get(seed).accuracy) * images),
  );
  const firstLoss = Math.max(...pairs.map(([, result]) => result.first_loss / beganWith(result)));
  const cells = [
    ...[task, pairs.length, told(probe), told(fresh), told(old)],
    differences.length === 0 ? '' : signed(mean(differences)),
    differences.length === 0 ? '' : `${Math.round(worst)} pictures`,
    differences.length === 0 ? '' : firstLoss.toFixed(2),
  ];
  const exploded = [...fresh.values()].filter((result) => result.exploded !== undefined).length;
  return { cells, differences, worst, firstLoss, exploded };
}

function beganWith({ beginning, batch_norm }) {
  return batch_norm === 'train' ? (beginning.batch_loss ?? beginning.stored_loss) : beginning.stored_loss;
}

/** Mean and deviation in per cent; how many exploded. */
function told(runs) {
  const all = [...runs.values()];
  const whole = all.filter(({ exploded }) => exploded === undefined).map(({ accuracy }) => 100 * accuracy);
  const exploded = all.length - whole.length;
  const parts = [
    ...(whole.length > 0 ? [`${mean(whole).toFixed(1)} ± ${deviation(whole).toFixed(1)}`] : []),
    ...(exploded > 0 ? [`${exploded} exploded`] : []),
  ];
  return parts.join(', ') || 'not measured';
}

function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function deviation(values) {
  const center = mean(values);
  return values.length < 2
    ? 0
    : Math.sqrt(values.reduce((sum, value) => sum + (value - center) ** 2, 0) / (values.length - 1));
}

function signed(difference) {
  return `${difference >= 0 ? '+' : '−'}${Math.abs(100 * difference).toFixed(1)} points`;
}
