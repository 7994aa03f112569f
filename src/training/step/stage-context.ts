/** What all share that works on the full stage of a run. */
import type { Network } from '../../models/index.js';
import type { Device } from '../../program/device.js';
import type { RunContext } from '../../recipe/options.js';
import type { Profile } from '../profile/profile.js';
import type { RunState, StoredRun } from '../../runs/run-state.js';
import type { SavedStates } from '../../runs/saved-states.js';
import type { TrainingData } from '../../runs/data/training-data.js';

/** What changes of a run's state while it trains. */
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export interface FullStage extends RunContext {
  readonly folder: string;
  readonly device: Device;
  /** On the host or the device, with its head for the data's classes. */
  readonly model: Network;
  readonly data: TrainingData;
  readonly state: Mutable<RunState>;
  /** Where moments and counters come from when the run is resumed. */
  readonly stored: StoredRun | null;
  /** Where the state is saved. */
  readonly saved: SavedStates;
  /** The profile of the first epoch that is trained. */
  readonly profile?: Profile | null;
}
