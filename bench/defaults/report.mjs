/** bench/results/defaults.md from what bench/defaults.mjs has measured. */
import { EXTRA_TASKS, TASKS } from './tasks.mjs';
import { NETWORKS, WAYS } from './variants.mjs';

/** What is promised of the defaults. */
const LIMITS = { meanBelow: 0.01, picturesBelow: 2, firstLoss: 1.5 };

const TITLES = {
  small: 'The small ResNet of the demo (32 pixels)',
  mobilenet: "nsfwjs's MobileNetV2 of 8 bits (224 pixels)",
};

export function defaultsReport(results) {
  const all = Object.entries(results).map(([name, result]) => {
    const [network, task, way, seed] = name.split(' ');
    return { network, task, way, seed: Number(seed), ...result };
  });
  const runs = all.filter(({ unsuggested }) => !unsuggested);
  const unsuggested = all.filter((run) => run.unsuggested);
  const machines = new Map();
  for (const { machine } of all) {
    const name = `${machine.processor}, Node ${machine.node}`;
    machines.set(name, (machines.get(name) ?? new Set()).add(machine.commit));
  }
  const measured = [...machines].map(([name, commits]) => `${name}, commits ${[...commits].join(', ')}`);
  return `# What the defaults reach

Six tasks of real pictures at the network's own size, two fifths of them to validate with; the probe, and what follows it with
the defaults as they are and as they were. Accuracy is in per cent, as mean ± deviation over seeds (split, order and crops follow
from the seed): that of the last epoch, which nothing was chosen by, and behind the stroke that of the checkpoint which the run
keeps, the best by validation, the probe's head included. "Less probe" is the mean of last and kept less that of the probe, in
points; "worst" the run that is most below its probe, in pictures; "first epoch" the largest ratio of the first epoch's training
loss to that before the first step, under the same augmentation. A picture is a point or more: validations have 78 to 96.

    npm install --ignore-scripts nsfwjs emoji-datasource-google
    apt-get install openclipart-png tuxpaint-stamps-default dataset-fashion-mnist
    node bench/defaults.mjs --work FOLDER --nsfwjs node_modules/nsfwjs --emoji node_modules/emoji-datasource-google --cells BCCD

Measured on ${measured.join('; ') || 'nothing yet'}.

${Object.keys(NETWORKS)
  .map(
    (network) =>
      `## ${TITLES[network]}\n\n${defaultsTable(network, runs)}\n\n${othersTable(network, runs, unsuggested)}`,
  )
  .join('\n\n')}

## Other optimisers (the small ResNet, 32 pixels)

The strategy and the rates are the default ones, the rate of the trunk measured before the first step as each optimiser moves
the weights by it; "rates" are the least and the greatest of them.

${optimizersTable(runs)}

## From random values (the small ResNet, 32 pixels)

${scratchTable(runs)}
`;
}

function defaultsTable(network, runs) {
  const all = [];
  const rows = Object.keys(TASKS).map((task) => {
    const of = (way) => runs.filter((run) => run.network === network && run.task === task && run.way === way);
    const [probe, fresh, old] = ['probe', 'new', 'old'].map(of);
    const compared = compare(fresh, probe);
    all.push(compared);
    const { pairs, cells } = compared;
    return [task, pairs.length, told(probe, lastOf), both(fresh, probe), both(old, probe), ...cells];
  });
  const measured = all.filter(({ pairs }) => pairs.length > 0);
  const held = (which) => measured.filter((compared) => holds(compared, which)).length;
  const overall = (which) => signed(mean(measured.flatMap((compared) => compared[which])));
  const summary =
    measured.length === 0
      ? 'Not measured.'
      : `Over all ${overall('last')} points by the last epoch, ${overall('kept')} by what is kept. Within the limits (a mean at most a point
below the probe, no run more than two pictures below, a first epoch of at most 1.5 times the loss): ${held('last')} of ${measured.length} tasks by the
last epoch, ${held('kept')} by what is kept.`;
  return `${table(['task', 'seeds', 'probe', 'new', 'old', ...COMPARED], rows)}\n\n${summary}`;
}

/** The other ways to begin, on two tasks. */
function othersTable(network, runs, unsuggested) {
  const ways = ['full', 'gradual', 'lr-find', 'article'];
  const rows = ways.flatMap((way) =>
    WAYS[way].tasks.map((task) => [way, task, ...besideProbe(runs, { network, task, way }).cells]),
  );
  const rates = runs
    .filter((run) => run.network === network && run.swept !== undefined)
    .map(({ swept: { lr }, beginning, swept }) => ({ lr, ratio: swept.first_loss / beginning.stored_loss }));
  const none = unsuggested.filter((run) => run.network === network);
  const without =
    none.length === 0
      ? ''
      : ` It suggested none where the loss never fell: ${none.map(({ task, seed }) => `${task}, seed ${seed}`).join('; ')}.`;
  const swept =
    rates.length === 0
      ? ''
      : `\n\n\`lr-find\` suggested rates of ${rates.map(({ lr }) => lr.toPrecision(2)).join(', ')}; its first loss was at most ${Math.max(...rates.map(({ ratio }) => ratio)).toFixed(2)} times that of the head.${without}`;
  return `${table(['way', 'task', 'seeds', 'probe', 'reached', ...COMPARED], rows)}${swept}`;
}

function optimizersTable(runs) {
  const rows = ['sgd', 'rmsprop'].flatMap((way) =>
    Object.keys(TASKS).map((task) => {
      const { found, cells } = besideProbe(runs, { network: 'small', task, way });
      const rates = found.flatMap(({ lr }) => (lr === undefined ? [] : [lr])).sort((a, b) => a - b);
      return [
        way,
        task,
        ...cells.slice(0, 3),
        [...new Set([rates.at(0), rates.at(-1)])].join(' to '),
        ...cells.slice(3),
      ];
    }),
  );
  return table(['optimiser', 'task', 'seeds', 'probe', 'reached', 'rates', ...COMPARED], rows);
}

/** The runs of a way, and the cells of its row: seeds, their probes, what was reached, and how the two compare. */
function besideProbe(runs, { network, task, way }) {
  const of = (wanted) =>
    runs.filter((run) => run.network === network && run.task === task && run.way === wanted);
  const [probe, found] = [of('probe'), of(way)];
  const { pairs, cells } = compare(found, probe);
  const seeds = new Set(found.map(({ seed }) => seed));
  const same = probe.filter(({ seed }) => seeds.has(seed));
  return { found, cells: [pairs.length, told(same, lastOf), both(found, probe), ...cells] };
}

function scratchTable(runs) {
  const rows = [...Object.keys(EXTRA_TASKS), 'emoji-kinds', 'cells'].map((task) => {
    const of = (way) => runs.filter((run) => run.task === task && run.way === way);
    const [fresh, old] = [of('scratch'), of('scratch-old')];
    const seeds = new Set([...fresh, ...old].map(({ seed }) => seed));
    return [task, seeds.size, both(fresh, []), both(old, [])];
  });
  return table(['task', 'seeds', 'new', 'old'], rows);
}

const COMPARED = ['less probe', 'worst', 'first epoch'];

/** Runs beside the probes of their seeds. */
function compare(found, probe) {
  const pairs = found.flatMap((run) => {
    const of = probe.find(({ seed }) => seed === run.seed);
    return of === undefined || run.exploded !== undefined ? [] : [{ run, of }];
  });
  const below = (value) => pairs.map(({ run, of }) => value(run, of) - of.accuracy);
  const [last, kept] = [below(lastOf), below(keptOf)];
  const pictures = (differences) =>
    Math.round(Math.min(...differences.map((one, i) => one * pairs[i].run.images)));
  const worst = { last: pictures(last), kept: pictures(kept) };
  const firstLoss = Math.max(...pairs.map(({ run }) => run.first_loss / beganWith(run)));
  const cells =
    pairs.length === 0
      ? ['', '', '']
      : [
          `${signed(mean(last))} / ${signed(mean(kept))}`,
          `${worst.last} / ${worst.kept}`,
          firstLoss.toFixed(2),
        ];
  const exploded = found.filter((run) => run.exploded !== undefined).length;
  return { pairs, last, kept, worst, firstLoss, cells, exploded };
}

function holds({ last, kept, worst, firstLoss, exploded }, which) {
  const differences = { last, kept }[which];
  return (
    exploded === 0 &&
    mean(differences) >= -LIMITS.meanBelow &&
    worst[which] >= -LIMITS.picturesBelow &&
    firstLoss <= LIMITS.firstLoss
  );
}

/** The loss before the first step, with the statistics that it trains on. */
function beganWith({ beginning, batch_norm }) {
  return batch_norm === 'train' ? (beginning.batch_loss ?? beginning.stored_loss) : beginning.stored_loss;
}

function lastOf({ accuracy }) {
  return accuracy;
}

/** A head that was fitted first is among what is kept; a new one, as the article's PyTorch listing has it, is not. */
function keptOf({ best, way, network }, probe) {
  const hasNewHead =
    way === 'full' || way.startsWith('scratch') || (way === 'article' && network === 'small');
  return hasNewHead || probe === undefined ? best : Math.max(best, probe.accuracy);
}

/** `last / kept` */
function both(found, probe) {
  const kept = (run) =>
    keptOf(
      run,
      probe.find(({ seed }) => seed === run.seed),
    );
  const numbers = [told(found, lastOf), told(found, kept)];
  return numbers[0] === numbers[1] ? numbers[0] : numbers.join(' / ');
}

/** Mean and deviation in per cent; how many exploded. */
function told(found, value) {
  const whole = found.filter(({ exploded }) => exploded === undefined).map((run) => 100 * value(run));
  const exploded = found.length - whole.length;
  const parts = [
    ...(whole.length > 0 ? [`${mean(whole).toFixed(1)} ± ${deviation(whole).toFixed(1)}`] : []),
    ...(exploded > 0 ? [`${exploded} exploded`] : []),
  ];
  return parts.join(', ') || 'not measured';
}

function table(head, rows) {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
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
  return `${difference >= 0 ? '+' : '−'}${Math.abs(100 * difference).toFixed(1)}`;
}
