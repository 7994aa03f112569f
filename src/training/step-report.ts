/** What a person reads while the full stage trains: where it is, what it measures, and how long it takes. */
import type { FullStage } from './step/stage-context.js';
import type { StepReport } from './trainer.js';

/** Steps after which the total time is estimated. */
const ESTIMATE_AFTER = 3;
/** Above this total the faster choice is named, in seconds. */
const LONG = 1800;

/** Tells the listener of a run about every step. */
export function reportSteps(stage: FullStage): (report: StepReport) => void {
  const { state, onEvent } = stage;
  const started = performance.now();
  let steps = 0;
  return (report) => {
    steps++;
    const elapsed = (performance.now() - started) / 1000;
    const done = (report.epoch - 1) * report.batches + report.batch;
    const left = (elapsed / steps) * (state.recipe.epochs * report.batches - done);
    if (steps === ESTIMATE_AFTER) announceTime(elapsed + left, stage);
    onEvent?.({
      type: 'progress',
      task: `epoch ${report.epoch}/${state.recipe.epochs}`,
      done: report.batch,
      total: report.batches,
      secondsLeft: steps < ESTIMATE_AFTER ? null : left,
      detail: detailOf(report),
    });
  };
}

function detailOf({ loss, accuracy, imagesPerSecond: speed }: StepReport): string {
  const texts = [
    loss === null ? '' : `loss ${loss.toFixed(4)}`,
    accuracy === null ? '' : `accuracy ${(100 * accuracy).toFixed(1)} %`,
    speed === null ? '' : `${speed.toFixed(1)} samples/s`,
  ];
  return texts.filter((text) => text !== '').join(', ');
}

function announceTime(seconds: number, { onEvent, state }: FullStage): void {
  const minutes = Math.round(seconds / 60);
  const advice =
    seconds > LONG && state.recipe.strategy !== 'probe'
      ? ' A probe (--strategy probe) takes minutes and is often close.'
      : '';
  const time =
    minutes < 1 ? 'Less than a minute' : `About ${minutes} ${minutes === 1 ? 'minute' : 'minutes'}`;
  // Steps take longer the more layers are trained.
  const more = state.recipe.strategy === 'gradual' ? ', and more as layers join' : '';
  const whole = state.recipe.fold === null ? 'in all' : 'for this fold';
  onEvent?.({ type: 'note', text: `${time} ${whole}${more}.${advice}` });
}
