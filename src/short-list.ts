/**
 * A few things that come and go at every step, as a Set has them, in an array.
 *
 * V8's maps and sets begin a new table after a few additions and removals, and the table that was left points to the new
 * one. Once one of them lies among old objects, where garbage is collected seldom, it keeps all tables after it alive, and
 * with them whatever they have held since: some 25 MB in a thousand training steps of a small network.
 */
export class ShortList<T> implements Iterable<T> {
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** Puts an item last. It must not be there already. */
  add(item: T): void {
    this.#items.push(item);
  }

  /** Whether it was there. */
  delete(item: T): boolean {
    const at = this.#items.indexOf(item);
    if (at >= 0) this.#items.splice(at, 1);
    return at >= 0;
  }

  clear(): void {
    this.#items.length = 0;
  }

  /** Takes out the first item that it is true of; undefined where there is none. */
  take(isIt: (item: T) => boolean): T | undefined {
    const item = this.#items.find(isIt);
    if (item !== undefined) this.delete(item);
    return item;
  }

  /** Over what is there when it begins. */
  [Symbol.iterator](): Iterator<T> {
    return this.#items.slice()[Symbol.iterator]();
  }
}
