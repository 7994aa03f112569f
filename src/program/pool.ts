/**
 * The buffers behind slots: one pool per device, shared by all plans. Programs run one after another, so two
 * plans may use the same buffer; two slots of one plan never do.
 */
import type { Backend } from '../device/backend.js';
import type { DeviceBuffer } from '../device/kernel.js';

interface Entry {
  readonly buffer: DeviceBuffer;
  /** Plans that refer to the buffer. */
  users: number;
}

export class SlotPool {
  private readonly backend: Backend;
  private entries: Entry[] = [];

  constructor(backend: Backend) {
    this.backend = backend;
  }

  /** A buffer for each slot, at least as large; none twice. Takes none when the device cannot give them all. */
  acquire(slotBytes: readonly number[]): DeviceBuffer[] {
    const free = new Set(this.entries);
    const order = slotBytes.map((_, slot) => slot).sort((a, b) => slotBytes[b] - slotBytes[a]);
    const chosen = new Map<number, Entry>();
    try {
      for (const slot of order) {
        const entry = findBest(free, slotBytes[slot]) ?? this.add(slotBytes[slot]);
        free.delete(entry);
        entry.users++;
        chosen.set(slot, entry);
      }
    } catch (error) {
      this.release([...chosen.values()].map((entry) => entry.buffer));
      throw error;
    }
    return slotBytes.map((_, slot) => (chosen.get(slot) as Entry).buffer);
  }

  private add(bytes: number): Entry {
    const entry = { buffer: this.backend.allocate(bytes), users: 0 };
    this.entries.push(entry);
    return entry;
  }

  /** Ends a plan's use of its buffers; those without users go back to the device. */
  release(buffers: readonly DeviceBuffer[]): void {
    const returned = new Set(buffers);
    for (const entry of this.entries) if (returned.has(entry.buffer)) entry.users--;
    const unused = this.entries.filter((entry) => entry.users === 0);
    this.entries = this.entries.filter((entry) => entry.users > 0);
    for (const entry of unused) this.backend.release(entry.buffer);
  }
}

/** The smallest free buffer of at least `bytes`; a much larger one is left for a slot that needs it. */
function findBest(free: ReadonlySet<Entry>, bytes: number): Entry | null {
  let best: Entry | null = null;
  for (const entry of free) {
    const size = entry.buffer.bytes;
    if (size >= bytes && size <= 2 * bytes + 4096 && (best === null || size < best.buffer.bytes))
      best = entry;
  }
  return best;
}
