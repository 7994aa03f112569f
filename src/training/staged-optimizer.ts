/**
 * The model on its device with the optimiser of the layers that are trained now. Where other layers join, the arenas
 * are laid out anew, and what the optimiser kept of the others (moments, averages) goes along.
 */
import { carryOver, type Optimizer, readKept } from '../optim/index.js';
import type { State } from '../program/state.js';
import type { FullStage } from './step/stage-context.js';
import { makeOptimizer } from './step/parameter-groups.js';
import { damagedState, type Progress } from '../runs/run-state.js';
import { restoreOptimizer } from '../runs/training-tensors.js';
import { FULL_STAGE, setTrainable, stageAt, stagesOf, type TrainingStage } from './step/stages.js';
import { batchesPerEpoch } from './step/batch-ranges.js';

export class StagedOptimizer {
  private readonly full: FullStage;
  private readonly stages: readonly TrainingStage[];
  private stage: TrainingStage;
  private current: Optimizer | null = null;

  /** Puts the model onto the device, and gives the optimiser what is stored. Close it. */
  static async open(full: FullStage): Promise<StagedOptimizer> {
    const { model, device, state, stored } = full;
    const staged = new StagedOptimizer(full);
    await setTrainable(model, staged.stage, state.frozen.batch_norm);
    await model.to(device);
    staged.current = staged.make();
    if (stored !== null)
      await restoreOptimizer(stored.file, stored.optimizerSteps, model, staged.current, damagedState);
    staged.tellBegin();
    return staged;
  }

  private constructor(full: FullStage) {
    this.full = full;
    this.stages = stagesOf(full.model, full.state.recipe);
    this.stage = stageAt(this.stages, full.state.progress.epoch);
  }

  get optimizer(): Optimizer {
    return this.current as Optimizer;
  }

  /** The stage's name, for the records of its epochs. */
  get name(): string {
    return this.stage.name;
  }

  /** Goes over to the stage that the progress is in: true when it is another, with another optimiser. */
  async follow({ epoch }: Progress): Promise<boolean> {
    const next = stageAt(this.stages, epoch);
    if (next === this.stage) return false;
    const { model, state } = this.full;
    const { steps } = this.optimizer;
    const kept = await readKept(this.optimizer);
    const scaling = this.optimizer.scaling && (await model.memory.device.read(this.optimizer.scaling));
    this.close();
    this.stage = next;
    await setTrainable(model, next, state.frozen.batch_norm);
    this.current = this.make();
    await carryOver(kept, steps, this.current);
    if (scaling !== null) model.memory.device.write(this.current.scaling as State, scaling);
    return true;
  }

  close(): void {
    this.current?.close();
    this.current = null;
  }

  private tellBegin(): void {
    const { joins, name } = this.stage;
    if (joins !== null && name !== FULL_STAGE)
      this.tell(`layers from ${joins} up are trained, those below are frozen.`);
  }

  /** Tells which layers have joined. */
  tellJoin(): void {
    const { joins, name } = this.stage;
    const rate = this.optimizer.groups.find((group) => group.name === joins)?.lr;
    const all = name === FULL_STAGE ? ' It is the last.' : '';
    this.tell(`${joins} joins, at a base rate of ${rate?.toPrecision(3)}.${all}`);
  }

  private tell(text: string): void {
    const { state, onEvent } = this.full;
    onEvent?.({ type: 'note', text: `Epoch ${state.progress.epoch + 1}: ${text}` });
  }

  private make(): Optimizer {
    const { model, data, state } = this.full;
    const perEpoch = batchesPerEpoch(data.training.images.length, state.recipe, state.frozen);
    const firstEpochs = new Map(this.stages.map(({ joins, firstEpoch }) => [joins, firstEpoch]));
    return makeOptimizer(model, state.recipe, (group) => perEpoch * (firstEpochs.get(group) ?? 0));
  }
}
