/** What pipeline.mjs notes of its runs, prints, and demands. */
import { machineLines } from './report.mjs';

const MIB = 2 ** 20;
/** Images of a stage after which it may not take more memory; half of them where there are few. */
const SETTLED = 2000;
/** How much more it may take all the same: garbage of JavaScript comes and goes. */
const GROWTH = 64 * MIB;
/** The most that a device may wait for images, as a share of the time, ... */
const WAITING = 0.02;
/** ... unless the threads that prepare them were busy for this share of it. */
const LOADER_BUSY = 0.9;
/** Steps that say something about that. */
const STEPS = 50;
/** Samples of a stage that are kept. */
const KEPT = 20;

const PREPARING = 'preparing images';
const FEATURES = /^features/;
const EPOCH = /^epoch/;

/** The resident memory of this process while each stage of a run goes through its images. */
export class MemoryOfStages {
  stages = new Map();

  /** `batch`: images of a step, as training counts steps. */
  constructor(batch) {
    this.batch = batch;
  }

  /** A report of progress. */
  note({ task, done, total }) {
    const images = EPOCH.test(task) ? this.batch : 1;
    const stage = this.stages.get(task) ?? { task, images: total * images, samples: [] };
    this.stages.set(task, stage);
    stage.samples.push([done * images, process.memoryUsage.rss()]);
  }

  /** A row for each stage that counts images. */
  rows() {
    return [...this.stages.values()]
      .filter(({ task }) => !/^(head|choosing L2)$/.test(task))
      .map(({ task, images, samples }) => {
        const most = (of) => Math.max(0, ...samples.filter(([done]) => of(done)).map(([, bytes]) => bytes));
        const settled = Math.min(SETTLED, images / 2);
        const before = most((done) => done <= settled);
        const after = most((done) => done > settled);
        const every = Math.max(1, Math.floor(samples.length / KEPT));
        return { task, images, before, after, samples: samples.filter((_, i) => i % every === 0) };
      });
  }
}

/** Throws unless the numbers show what they are to show. */
export function assertPipeline({ images, training, profiled, again }) {
  const tasks = (run) => run.stages.map(({ task }) => task);
  for (const needed of [PREPARING, 'features', 'epoch 1/2', 'epoch 2/2'])
    if (!tasks(training).includes(needed)) throw new Error(`the run has no stage "${needed}"`);
  const prepared = decodedBy(training);
  if (prepared !== images) throw new Error(`${prepared} of ${images} images were decoded before training`);
  if (!training.hidden) throw new Error('the images were there while the network was trained');
  const repeated = tasks(again).filter((task) => task === PREPARING || FEATURES.test(task));
  if (repeated.length > 0) throw new Error(`the second run has done again: ${repeated.join(', ')}`);
  for (const { task, growth } of growths(training)) {
    if (growth > GROWTH) throw new Error(`"${task}" took ${mib(growth)} MiB more, above ${mib(GROWTH)}`);
  }
  const { steps, waiting_for_data: waiting, loader } = profiled.profile;
  if (steps >= STEPS && waiting > WAITING && loader.busy < LOADER_BUSY) {
    throw new Error(
      `the device waited for images ${percent(waiting)} of the time, and the loader was busy only ${percent(loader.busy)} of it`,
    );
  }
}

/** By how much each stage has grown behind its first images; both epochs as one, too, with the validation between them. */
function growths({ stages }) {
  const epochs = stages.filter(({ task }) => EPOCH.test(task));
  const both = {
    task: 'both epochs',
    images: epochs.reduce((sum, { images }) => sum + images, 0),
    before: epochs[0].before,
    after: Math.max(...epochs.map(({ after }) => after)),
  };
  return [...stages, both].map((stage) => ({ ...stage, growth: growthOf(stage) }));
}

function growthOf({ before, after }) {
  return Math.max(0, after - before);
}

function decodedBy({ stages }) {
  return stages.find(({ task }) => task === PREPARING)?.images ?? 0;
}

export function pipelineReport({ machine, images, bytes, batch, training, profiled, again }) {
  const { device, epochs } = training;
  const { profile } = profiled;
  const profiledEpoch = profiled.stages.find(({ task }) => EPOCH.test(task));
  const features = again.stages.filter(({ task }) => FEATURES.test(task));
  return [
    `# ${images} images through training, ${device.kind}`,
    '',
    ...machineLines(machine),
    '',
    `JPEG and PNG of 96 to 256 pixels, ${(bytes / 1e6).toFixed(0)} MB; the small ResNet at 32, batches of ${batch}, on`,
    `${device.adapter}${device.software ? ' (software)' : ''}: first a head on features, then two epochs of all layers with random crops.`,
    '',
    '## Memory',
    '',
    `The most that was resident of the process up to the first ${SETTLED} images of a stage (half of them, where there are`,
    `few), and behind them. Growth of more than ${mib(GROWTH)} MiB fails.`,
    '',
    '| stage | images | before | behind | growth |',
    '|---|---|---|---|---|',
    ...growths(training).map(
      ({ task, images: count, before, after, growth }) =>
        `| ${task} | ${count} | ${mib(before)} MiB | ${mib(after)} MiB | ${mib(growth)} MiB |`,
    ),
    '',
    `In another run, whose profile of 200 steps keeps what it has seen until it is written, the epoch took ${mib(growthOf(profiledEpoch))} MiB.`,
    '',
    '## Decoding',
    '',
    '| when | images decoded |',
    '|---|---|',
    `| before the first step | ${decodedBy(training)} |`,
    `| features, two epochs, validation | ${training.hidden ? '0: the folder was away' : 'not known'} |`,
    `| a second run, of the head alone | ${decodedBy(again)}; ${features.length === 0 ? 'no features were computed either' : 'features were computed'} |`,
    '',
    `The first run took ${training.seconds.toFixed(0)} s, its epochs ${epochs.map(({ seconds }) => `${seconds.toFixed(0)} s`).join(' and ')}; the second run ${again.seconds.toFixed(0)} s.`,
    '',
    '## Who waits for whom',
    '',
    `Of ${profile.steps} steps of an epoch that was profiled, ${((1000 * profile.seconds) / profile.steps).toFixed(0)} ms each: the device computes`,
    `${percent(profile.computing)} of the time, waits for images ${percent(profile.waiting_for_data)} and otherwise ${percent(profile.waiting_otherwise)}.`,
    `The ${profile.loader.threads} threads that prepare images are busy ${percent(profile.loader.busy)} of the time. More than ${percent(WAITING)} of waiting fails`,
    `where they are busy less than ${percent(LOADER_BUSY)}, and ${STEPS} steps or more were counted.`,
    '',
  ].join('\n');
}

function percent(share) {
  return `${(100 * share).toFixed(1)} %`;
}

function mib(bytes) {
  return (bytes / MIB).toFixed(0);
}
