/**
 * A restricted pickle machine.
 *
 * A pickle is a program for a stack machine that may call any Python function, which is why loading an untrusted one
 * runs untrusted code. This machine has the opcodes that PyTorch's own weights-only reader accepts in protocol 2, can
 * build None, booleans, numbers, strings, lists, tuples and dictionaries, and calls only functions from the table that
 * its caller passes; everything else is refused by name. It does not recurse, and what it may build is bounded before
 * it is built.
 */

import type { Pauses } from '../pauses.js';
import { OP, opcodeName } from './pickle-opcodes.js';
import { weightsError, quote } from './tensors.js';

/** A function, class or constant that a pickle may name. Constants have no `call`. */
export class PickleGlobal {
  readonly name: string;
  readonly call: ((args: readonly PickleValue[]) => PickleValue) | undefined;

  constructor(name: string, call?: (args: readonly PickleValue[]) => PickleValue) {
    this.name = name;
    this.call = call;
  }
}

/** A Python tuple; a list is a plain array. */
export class PickleTuple {
  readonly items: readonly PickleValue[];

  constructor(items: readonly PickleValue[]) {
    this.items = items;
  }
}

/** Base of what the caller's functions build. */
export abstract class PickleObject {
  abstract readonly kind: string;
}

export type PickleDict = Map<PickleKey, PickleValue>;
/** Names, and the integers by which optimisers count parameters. Python has others, which weights do not need. */
export type PickleKey = number | string;
/** Integers beyond 2^53 are bigints. */
export type PickleValue =
  | PickleKey
  | null
  | boolean
  | bigint
  | PickleValue[]
  | PickleTuple
  | PickleDict
  | PickleGlobal
  | PickleObject;

/** What surrounds a pickle: the names it may use and the meaning of its persistent identifiers. */
export interface PickleHost {
  /** What `module.name` stands for, or undefined to refuse it. */
  readonly global: (name: string) => PickleGlobal | undefined;
  readonly persistent: (id: PickleValue) => PickleValue;
}

/** A host that knows no names. */
export const bareHost: PickleHost = { global: () => undefined, persistent: () => null };

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The longest pickle that is read, in bytes. That of a ResNet50 has about 40,000. */
export const MAX_PICKLE_BYTES = 16 * 2 ** 20;
/** The most opcodes that run. A tensor takes about 45. */
const MAX_OPCODES = 2_000_000;
/** The most lists, tuples, dictionaries and objects that are built, and entries of lists that these are made of. A tensor takes about 6. */
const MAX_CONTAINERS = 250_000;

/**
 * V8's hashes of numbers can be foreseen, so that a dictionary of chosen ones takes quadratic time; strings have a secret in
 * theirs. Few numbers below the first bound collide. Larger ones are addresses, by which old optimisers name
 * parameters: a whole pickle may have so many of them.
 */
const SMALL_KEY = 2 ** 20;
const MAX_LARGE_KEYS = 10_000;
/** Longer ones take the square of their length to be made. */
const MAX_LONG_BYTES = 32;

/** The value of a pickle and the position after it. */
export interface Unpickled {
  readonly value: PickleValue;
  readonly end: number;
}

/**
 * Runs the pickle that starts at `offset`.
 * @param where what to call it in an error
 * @throws AttuneError 'weights' for an opcode, a name or a use of either that is not allowed, and for a pickle that ends
 *   early.
 */
export async function unpickle(
  bytes: Uint8Array,
  offset: number,
  host: PickleHost,
  where: string,
  pauses: Pauses,
): Promise<Unpickled> {
  return new Machine(bytes, offset, host, where, pauses).run();
}

class Machine {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #host: PickleHost;
  readonly #where: string;
  readonly #pauses: Pauses;
  /** Position of the opcode that is running, for errors. */
  #opcodeAt: number;
  #at: number;
  readonly #stack: PickleValue[] = [];
  /** Heights of the stack at the open marks. */
  readonly #marks: number[] = [];
  /** By their numbers. No map, for hashes of these can be foreseen, too; those of a sparse array have a secret. */
  readonly #memo: PickleValue[] = [];
  #containers = 0;
  #largeKeys = 0;

  constructor(bytes: Uint8Array, offset: number, host: PickleHost, where: string, pauses: Pauses) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#host = host;
    this.#where = where;
    this.#pauses = pauses;
    this.#at = offset;
    this.#opcodeAt = offset;
  }

  async run(): Promise<Unpickled> {
    for (let count = 0; count < MAX_OPCODES; count++) {
      if (this.#pauses.due) await this.#pauses.take();
      this.#opcodeAt = this.#at;
      const opcode = this.#byte();
      if (opcode === OP.STOP) return this.#stop();
      if (opcode === OP.SETITEMS) await this.#setMany(this.#popToMark());
      else this.#step(opcode);
    }
    throw this.#error(`the pickle has more than ${MAX_OPCODES} opcodes`);
  }

  #step(opcode: number): void {
    switch (opcode) {
      case OP.PROTO:
        this.#protocol();
        break;
      case OP.MARK:
        this.#marks.push(this.#stack.length);
        break;

      case OP.NONE:
        this.#push(null);
        break;
      case OP.NEWTRUE:
        this.#push(true);
        break;
      case OP.NEWFALSE:
        this.#push(false);
        break;
      case OP.BININT:
        this.#push(this.#view.getInt32(this.#take(4), true));
        break;
      case OP.BININT1:
        this.#push(this.#byte());
        break;
      case OP.BININT2:
        this.#push(this.#view.getUint16(this.#take(2), true));
        break;
      case OP.LONG1:
        this.#push(this.#long(this.#byte()));
        break;
      case OP.BINFLOAT:
        // Unlike all other numbers, big-endian.
        this.#push(this.#view.getFloat64(this.#take(8), false));
        break;
      case OP.BINUNICODE:
        this.#push(this.#text(this.#uint32()));
        break;
      case OP.SHORT_BINSTRING:
        this.#push(this.#text(this.#byte()));
        break;

      case OP.EMPTY_LIST:
        this.#push(this.#contain([]));
        break;
      case OP.EMPTY_DICT:
        this.#push(this.#contain(new Map()));
        break;
      case OP.EMPTY_TUPLE:
        this.#push(this.#contain(new PickleTuple([])));
        break;
      case OP.TUPLE:
        this.#push(this.#contain(new PickleTuple(this.#popToMark())));
        break;
      case OP.TUPLE1:
      case OP.TUPLE2:
      case OP.TUPLE3:
        this.#push(this.#contain(new PickleTuple(this.#popMany(opcode - OP.TUPLE1 + 1))));
        break;
      case OP.APPEND:
        this.#append(this.#popMany(1));
        break;
      case OP.APPENDS:
        this.#append(this.#popToMark());
        break;
      case OP.SETITEM: {
        const [key, value] = this.#popMany(2);
        this.#setItem(this.#dictionary(), key, value);
        break;
      }

      case OP.BINPUT:
        this.#memoize(this.#byte());
        break;
      case OP.LONG_BINPUT:
        this.#memoize(this.#uint32());
        break;
      case OP.BINGET:
        this.#recall(this.#byte());
        break;
      case OP.LONG_BINGET:
        this.#recall(this.#uint32());
        break;

      case OP.GLOBAL:
        this.#global();
        break;
      case OP.REDUCE:
      case OP.NEWOBJ:
        this.#call();
        break;
      case OP.BUILD:
        this.#build();
        break;
      case OP.BINPERSID:
        this.#push(this.#contain(this.#host.persistent(this.#pop())));
        break;
      default:
        throw this.#error(
          `the pickle uses ${opcodeName(opcode)}, which weights do not need and attune does not run`,
        );
    }
  }

  #protocol(): void {
    const protocol = this.#byte();
    if (protocol !== 2) throw this.#error(`the pickle has protocol ${protocol}, not 2`);
  }

  #stop(): Unpickled {
    const value = this.#pop();
    if (this.#stack.length > 0 || this.#marks.length > 0)
      throw this.#error('the pickle stops with values left over');
    return { value, end: this.#at };
  }

  #global(): void {
    const name = `${this.#line()}.${this.#line()}`;
    const value = this.#host.global(name);
    if (value === undefined) {
      throw weightsError(
        `${this.#where}, byte ${this.#opcodeAt}`,
        `the pickle asks for the Python object ${name}, which attune never loads`,
        'a file from an untrusted source may be an attack; from your own training, save the weights alone with ' +
          'torch.save(model.state_dict(), ...)',
      );
    }
    this.#push(value);
  }

  /** REDUCE and NEWOBJ: call the function below the tuple of its arguments. */
  #call(): void {
    const args = this.#pop();
    const callee = this.#pop();
    if (!(callee instanceof PickleGlobal) || callee.call === undefined || !(args instanceof PickleTuple)) {
      throw this.#error('the pickle calls something that is not a function');
    }
    // An OrderedDict copies its list, which may be given to many.
    for (const arg of args.items) if (Array.isArray(arg)) this.#count(arg.length);
    this.#push(this.#contain(callee.call(args.items)));
  }

  /**
   * BUILD sets attributes. The only ones in a file of weights are those of an OrderedDict, where modules keep version
   * numbers; they are no entries of the dictionary and are dropped.
   */
  #build(): void {
    const state = this.#pop();
    if (!(state instanceof Map && this.#top() instanceof Map)) {
      throw this.#error('the pickle sets attributes of something that is not a dictionary');
    }
  }

  #append(items: PickleValue[]): void {
    const list = this.#top();
    if (!Array.isArray(list)) throw this.#error('the pickle appends to something that is not a list');
    for (const item of items) list.push(item);
  }

  /** SETITEMS, of which one may have all items of a pickle. @param items keys and values in turn */
  async #setMany(items: PickleValue[]): Promise<void> {
    const dict = this.#dictionary(items.length % 2 === 0);
    for (let i = 0; i < items.length; i += 2) {
      if (this.#pauses.due) await this.#pauses.take();
      this.#setItem(dict, items[i], items[i + 1]);
    }
  }

  /** The dictionary on top. */
  #dictionary(inPairs = true): PickleDict {
    const dict = this.#top();
    if (dict instanceof Map && inPairs) return dict;
    throw this.#error('the pickle sets items of something that is not a dictionary');
  }

  #setItem(dict: PickleDict, key: PickleValue, value: PickleValue): void {
    if (!isKey(key))
      throw this.#error('a dictionary has a key that is neither a string nor an integer of 53 bits');
    if (typeof key === 'number' && !(key >= 0 && key < SMALL_KEY) && ++this.#largeKeys > MAX_LARGE_KEYS)
      throw this.#error(`dictionaries have more than ${MAX_LARGE_KEYS} keys that are large integers`);
    if (dict.has(key)) throw this.#error(`a dictionary has the key ${describeKey(key)} twice`);
    dict.set(key, value);
  }

  #memoize(index: number): void {
    this.#memo[index] = this.#top();
  }

  #recall(index: number): void {
    const value = this.#memo[index];
    if (value === undefined)
      throw this.#error(`the pickle recalls entry ${index} of its memo, which was never stored`);
    this.#push(value);
  }

  #push(value: PickleValue): void {
    this.#stack.push(value);
  }

  /** Counts something that takes more memory than its opcode. */
  #contain<T extends PickleValue>(value: T): T {
    this.#count(1);
    return value;
  }

  #count(objects: number): void {
    this.#containers += objects;
    if (this.#containers > MAX_CONTAINERS)
      throw this.#error(`the pickle builds more than ${MAX_CONTAINERS} objects`);
  }

  /** Values below an open mark belong to another level and are out of reach. */
  #top(): PickleValue {
    if (this.#stack.length <= (this.#marks.at(-1) ?? 0))
      throw this.#error('the pickle takes a value that is not there');
    return this.#stack[this.#stack.length - 1];
  }

  #pop(): PickleValue {
    const value = this.#top();
    this.#stack.length--;
    return value;
  }

  #popMany(count: number): PickleValue[] {
    const values: PickleValue[] = [];
    for (let i = 0; i < count; i++) values.push(this.#pop());
    return values.reverse();
  }

  #popToMark(): PickleValue[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw this.#error('the pickle returns to a mark that is not there');
    return this.#stack.splice(mark);
  }

  /** Moves past `count` bytes and returns where they begin. */
  #take(count: number): number {
    const start = this.#at;
    if (count > this.#bytes.length - start) throw this.#error('the pickle ends early');
    this.#at += count;
    return start;
  }

  #byte(): number {
    return this.#bytes[this.#take(1)];
  }

  #uint32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  #text(length: number): string {
    const start = this.#take(length);
    return this.#decode(this.#bytes.subarray(start, start + length));
  }

  #line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end < 0) throw this.#error('the pickle ends early');
    if (end - this.#at > 256) throw this.#error('the pickle names an object with more than 256 bytes');
    const line = this.#text(end - this.#at);
    this.#at++;
    return line;
  }

  #decode(bytes: Uint8Array): string {
    try {
      return utf8.decode(bytes);
    } catch {
      throw this.#error('a string is not UTF-8 text');
    }
  }

  /** A little-endian integer in two's complement. */
  #long(length: number): number | bigint {
    if (length > MAX_LONG_BYTES) throw this.#error(`an integer has more than ${MAX_LONG_BYTES} bytes`);
    const start = this.#take(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.#bytes[start + i]);
    value = BigInt.asIntN(8 * length, value);
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }

  #error(what: string): Error {
    return weightsError(`${this.#where}, byte ${this.#opcodeAt}`, what);
  }
}

function isKey(value: PickleValue): value is PickleKey {
  return typeof value === 'string' || Number.isSafeInteger(value);
}

function describeKey(key: PickleKey): string {
  return String(typeof key === 'string' ? quote(key, 100) : key);
}
