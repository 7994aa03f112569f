/**
 * A run outlives its devices. When one is lost (a driver's reset, another program's fault, a thread of the CPU device that
 * ended), it is opened anew, and the run goes on from where it was saved last, as `--resume` goes on: the weights become
 * those of a run that lost nothing, byte by byte. Before anything was saved the run begins again. The explosion of its loss
 * is answered in the same way, where the recipe says so (explosion.ts).
 */
import { rm } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { AttuneError } from '../../errors.js';
import type { Device } from '../../program/device.js';
import { commandLine } from '../../runs/command-line.js';
import { type DeviceWish, openDevice, summarize } from '../../runs/device.js';
import { throwIfAborted } from '../../interruption.js';
import type { RunContext } from '../../recipe/options.js';
import type { DeviceSummary } from '../../recipe/results.js';
import { exploded, isRetried, retryText } from '../../training/explosion.js';
import type { Explosion, RunState } from '../../runs/run-state.js';
import { hasState, savedSteps } from '../../runs/saved-states.js';

/** Before each new attempt in a row: a driver that starts again takes some seconds. */
const PAUSES_MS = [500, 2000, 8000] as const;

/** What is looked at of a run's state. */
type Followed = Pick<RunState, 'recipe' | 'explosions' | 'progress'>;

/** The devices of a run, one after the other. */
export class RunDevices {
  /** How many were lost. */
  losses = 0;
  private current: Device | null = null;
  /** What the first one was: the others have to be the same. */
  private summary: DeviceSummary | null = null;
  private folder: string | null = null;
  private state: Followed | null = null;
  /** From what the next attempt goes back; `goOn` takes it. */
  private explosion: Explosion | null = null;
  /** Attempts in a row that have saved nothing. */
  private attempts = 0;
  private savedStep = -1;

  /** Opens the device that is wished for; after a loss, the same one as before. Throws AttuneError 'device'. */
  readonly open = async (wish: DeviceWish, context: RunContext = {}): Promise<Device> => {
    const { summary } = this;
    const { kind: device, adapter } = summary ?? { kind: 'cpu' };
    const same = device === 'cpu' ? { ...wish, device, adapter: null } : { ...wish, device, adapter };
    this.current = await openDevice(summary === null ? wish : same, context);
    this.summary ??= summarize(this.current);
    return this.current;
  };

  /** Says where the run is saved, and how far it is at any time. */
  follow(folder: string, state: Followed | null = null): void {
    this.folder = folder;
    this.state = state;
  }

  /** The explosion that the run goes back from now; null where there was none. */
  takeExplosion(): Explosion | null {
    const { explosion } = this;
    this.explosion = null;
    return explosion;
  }

  /**
   * Answers the explosion of a loss: makes ready to go back, and tells so. Throws whatever else the error is, and AttuneError
   * 'numeric' when the run is not to go back.
   */
  async answer(error: unknown, { onEvent }: RunContext): Promise<void> {
    const { saved, state } = this;
    if (!(error instanceof AttuneError) || error.code !== 'numeric' || saved === null || state === null)
      throw error;
    if (!isRetried(error, state)) throw exploded(error, state, saved);
    const from_step = await savedSteps(saved);
    onEvent?.({ type: 'note', text: retryText(error, state, from_step) });
    this.explosion = { step: state.progress.step, from_step };
    this.current = null;
  }

  /** The folder that the run can go on from; null before anything was saved. */
  get saved(): string | null {
    const { folder } = this;
    return folder !== null && hasState(folder) ? folder : null;
  }

  /** Whether a failure is that the device is gone, or not back yet. */
  causes(error: unknown): error is AttuneError {
    const isGone = this.current === null ? this.summary !== null : this.current.lost;
    return isGone && error instanceof AttuneError && error.code === 'device';
  }

  /** Makes ready for another attempt, and tells what is lost. Throws AttuneError 'device' when there were enough. */
  async recover(error: AttuneError, { onEvent, signal }: RunContext): Promise<void> {
    const { saved } = this;
    const step = saved === null ? 0 : await savedSteps(saved);
    if (step > this.savedStep) this.attempts = 0;
    this.savedStep = step;
    const wait = PAUSES_MS[this.attempts++];
    if (wait === undefined) throw givenUp(error, saved);
    if (this.current !== null) this.losses++;
    this.current = null;
    const repeated = (this.state?.progress.step ?? 0) - step;
    const lost =
      saved === null
        ? 'Nothing was saved yet, so the run begins again; what was prepared is kept.'
        : `${repeated} ${repeated === 1 ? 'step is' : 'steps are'} repeated.`;
    onEvent?.({ type: 'note', text: `Note: ${error.what}. The device is opened again. ${lost}` });
    // What there is of it is not enough to go on from, and in the way.
    if (saved === null && this.folder !== null) await rm(this.folder, { recursive: true, force: true });
    await pause(wait, undefined, signal && { signal }).catch(() => throwIfAborted(signal));
  }
}

/**
 * Calls `attempt` until it ends without the loss of its device or an explosion that the run goes back from. Throws what it
 * throws, and AttuneError 'device' when the device was lost several times in a row, or is not there any more.
 */
export async function outliveDevices<T extends object>(
  context: RunContext,
  attempt: (devices: RunDevices) => Promise<T>,
): Promise<T & { readonly device_losses: number }> {
  const devices = new RunDevices();
  for (;;) {
    try {
      const result = await attempt(devices);
      return { ...result, device_losses: devices.losses };
    } catch (error) {
      if (devices.causes(error)) await devices.recover(error, context);
      else await devices.answer(error, context);
    }
  }
}

function givenUp(error: AttuneError, saved: string | null): AttuneError {
  const how =
    saved === null
      ? 'run the same command again'
      : `go on with ${commandLine(['finetune', '--resume', saved])}`;
  return new AttuneError(
    {
      code: 'device',
      what: `${error.what}, and so again ${PAUSES_MS.length} times`,
      where: error.where,
      hint: `when the device works again, ${how}`,
    },
    { cause: error },
  );
}
