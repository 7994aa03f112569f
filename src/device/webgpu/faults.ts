/**
 * How a GPU's failures become AttuneErrors. WebGPU does not throw: failures arrive through error scopes, through
 * rejected promises, or through the loss of the device, after which its promises may even resolve as if all
 * were well. `Faults` turns each of these into one error that the next await meets.
 */
import { AttuneError } from '../../errors.js';
import { ShortList } from '../../short-list.js';
import type { Command } from '../kernel.js';

const FILTERS = ['validation', 'out-of-memory', 'internal'] as const;

/** What a scope caught: the kind of error and Dawn's own words on one line. */
export interface Caught {
  readonly kind: (typeof FILTERS)[number];
  readonly message: string;
}

export class Faults {
  private readonly device: GPUDevice;
  /** Why the device can no longer be used; every call throws it. */
  private ended: AttuneError | undefined;
  /** An error that belongs to no call in progress: the next call throws it, once. */
  private stray: AttuneError | undefined;
  private readonly waiting = new ShortList<(error: AttuneError) => void>();

  constructor(device: GPUDevice) {
    this.device = device;
    device.lost.then((info) => this.end(lostError(info)));
    device.addEventListener('uncapturederror', this.onUncaptured);
  }

  private readonly onUncaptured = ({ error }: GPUUncapturedErrorEvent) =>
    this.report(deviceError('the GPU reported an error', undefined, oneLine(error.message)));

  /** To be called before the device is destroyed: what a listener holds, Dawn keeps for good, a thread of its own included. */
  stopListening(): void {
    this.device.removeEventListener('uncapturederror', this.onUncaptured as (event: Event) => void);
  }

  /** Throws what stands in the way of using the device, if anything does. */
  check(): void {
    if (this.ended !== undefined) throw this.ended;
    if (this.stray !== undefined) {
      const error = this.stray;
      this.stray = undefined;
      throw error;
    }
  }

  /** Keeps an error for the next call. The first one counts: later ones are mostly its consequences. */
  report(error: AttuneError): void {
    this.stray ??= error;
  }

  /** From now on every call throws `error`, and so does everything that waits. */
  end(error: AttuneError): void {
    this.ended ??= error;
    for (const reject of this.waiting) reject(this.ended);
    this.waiting.clear();
  }

  /** `promise`, or the device's end if that comes first. */
  guard<T>(promise: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.ended !== undefined) {
        promise.catch(() => {});
        reject(this.ended);
        return;
      }
      this.waiting.add(reject);
      promise
        .then(
          // A lost device resolves its promises too, so the end is looked at first.
          (value) => (this.ended === undefined ? resolve(value) : reject(this.ended)),
          (error) => reject(this.ended ?? error),
        )
        .finally(() => this.waiting.delete(reject));
    });
  }

  /** Runs synchronous device calls inside error scopes. `caught` resolves with the first error, if any. */
  scoped<T>(calls: () => T): { readonly result: T; readonly caught: Promise<Caught | null> } {
    for (const filter of FILTERS) this.device.pushErrorScope(filter);
    try {
      const result = calls();
      return { result, caught: this.popScopes() };
    } catch (error) {
      this.popScopes();
      throw error;
    }
  }

  private popScopes(): Promise<Caught | null> {
    const popped = [...FILTERS].reverse().map(async (kind) => {
      const error = await this.device.popErrorScope();
      return error === null ? null : { kind, message: oneLine(error.message) };
    });
    const caught = this.guard(Promise.all(popped)).then(
      (errors) => errors.find((error) => error !== null) ?? null,
    );
    caught.catch(() => {}); // a caller that failed on the way here no longer listens
    return caught;
  }
}

/** An AttuneError of code 'device'. */
export function deviceError(what: string, where?: string, hint?: string): AttuneError {
  return new AttuneError({ code: 'device', what, where, hint });
}

/** `kernel matmul {"m":4,...} [a: 16 float32, b: absent]`: what an error says about a command. */
export function describe(command: Command): string {
  const operands = command.kernel.bindings.map(({ name }, i) => {
    const range = command.operands[i];
    return `${name}: ${range ? `${range.length} ${range.dtype}` : 'absent'}`;
  });
  return `kernel ${command.kernel.name} ${JSON.stringify(command.attributes)} [${operands.join(', ')}]`;
}

/** What to say about an error that a scope caught. */
export function caughtError(caught: Caught, where: string): AttuneError {
  if (caught.kind === 'out-of-memory') {
    return deviceError(
      'the GPU is out of memory',
      where,
      'use a smaller batch or image size, or --device cpu',
    );
  }
  return deviceError(`the GPU refused the work: ${caught.message}`, where);
}

/** Dawn's messages span lines and repeat themselves after a blank one; the first paragraph says it. */
export function oneLine(message: string): string {
  return message
    .split('\n\n')[0]
    .replace(/\s*\n\s*-?\s*/g, ' ')
    .trim();
}

function lostError(info: GPUDeviceLostInfo): AttuneError {
  return deviceError(
    `the GPU was lost: ${oneLine(info.message) || info.reason}`,
    `reason ${info.reason}`,
    'another program or a driver reset may have caused it; start again, with a smaller batch if it recurs',
  );
}
