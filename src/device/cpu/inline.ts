/**
 * The float64 judge: one ArrayBuffer per block, plain loops on the caller's thread. Slow and simple on purpose:
 * every other way of computing is tested against it.
 */
import { AttuneError } from '../../errors.js';
import { plainCommand, type ReadyCommand, runCommands, viewOf } from './command.js';
import type { Block, BlockSlice, BlockUpload, ExecuteResult, Executor, ResolvedCommand } from './executor.js';

export class InlineExecutor implements Executor {
  readonly precision = 'float64';
  readonly maxBytes = 2 ** 32;
  readonly lost = false;
  readonly #prepared = new Map<number, readonly ReadyCommand[]>();

  allocate(bytes: number): Block {
    try {
      return { memory: new ArrayBuffer(bytes), byteOffset: 0 };
    } catch (cause) {
      throw new AttuneError(
        {
          code: 'device',
          what: `No memory for ${bytes} bytes`,
          where: 'CPU device, float64',
          hint: 'use smaller batches or images',
        },
        { cause },
      );
    }
  }

  /** Nothing to do: the ArrayBuffer goes when nobody refers to it any more. */
  free(): void {}

  async write({ slice, data }: BlockUpload): Promise<void> {
    view(slice).set(data);
  }

  async prepare(id: number, commands: readonly ResolvedCommand[]): Promise<void> {
    const ready = commands.map(({ command, operands }) => {
      const views = operands.map((slice) => viewOf(slice, slice?.memory ?? NOTHING, 'float64'));
      return plainCommand(command.kernel, command.attributes, views);
    });
    this.#prepared.set(id, ready);
  }

  async execute(
    id: number,
    uploads: readonly BlockUpload[],
    step: readonly number[],
    reads: readonly BlockSlice[],
    profile: boolean,
  ): Promise<ExecuteResult> {
    for (const { slice, data } of uploads) view(slice).set(data);
    const times = runCommands(this.#prepared.get(id) ?? [], step, profile);
    return { reads: reads.map((slice) => view(slice).slice()), times };
  }

  async discard(id: number): Promise<void> {
    this.#prepared.delete(id);
  }

  async close(): Promise<void> {
    this.#prepared.clear();
  }
}

const NOTHING = new ArrayBuffer(0);

function view(slice: BlockSlice) {
  return viewOf(slice, slice.memory, 'float64');
}
