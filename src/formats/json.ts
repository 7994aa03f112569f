/**
 * A strict JSON scanner that its caller drives.
 *
 * `JSON.parse` keeps the last of two equal keys and builds whatever it is given. The readers of this folder know what
 * they look for, so they ask for exactly what may come next and skip the rest: nothing else is built, equal keys are
 * refused, and depth is bounded. What may have many parts is a promise, since it pauses between them.
 */

import type { Pauses } from '../pauses.js';
import { quote } from './tensors.js';

const SPACE = ' \t\n\r';
// At most 17 digits: a longer number cannot be exact, and the lookahead then refuses it.
const INTEGER = /(?:0|[1-9][0-9]{0,16})(?![0-9.eE])/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
// Python writes the last three, which JSON does not have.
const LITERAL = /true|false|null|NaN|-?Infinity/y;
const SURROGATE = /\p{Surrogate}/u;
const isFirstHalf = (code: number) => code >= 0xd800 && code < 0xdc00;

/** The deepest nesting that is skipped. */
const MAX_DEPTH = 200;

/** The most keys of one object: a set of them that grows has to be copied as a whole. Tensors are fewer. */
const MAX_KEYS = 2 ** 18;

/** Characters of a string that are scanned at once, and the most of a name. */
const PIECE = 2 ** 20;
/** The most characters of a value that is built at once. */
const SHORT = 2 ** 18;

/**
 * The most characters of a text of JSON that is parsed as a whole, in metadata or in a small file. V8 parses it at once, and no Ctrl-C is heard meanwhile: arrays in
 * arrays take a third of a second. The names of 100,000 classes have half as many.
 */
export const MOST_JSON = 4_000_000;

const codeOf = (character: string) => character.charCodeAt(0);
const [QUOTE, BACKSLASH, UNICODE] = ['"', '\\', 'u'].map(codeOf);
const [OPEN_BRACE, OPEN_BRACKET, CLOSE_BRACE, CLOSE_BRACKET] = ['{', '[', '}', ']'].map(codeOf);
/** With what a value ends that is no number or word, and what stands behind one. */
const CLOSING = '}]"';
const BEHIND = `${SPACE},}]`;

export class JsonScanner {
  readonly #text: string;
  readonly #pauses: Pauses;
  readonly #fail: (what: string) => Error;
  #at = 0;

  /** @param fail makes the error to throw; it is given what is wrong and where in the text. */
  constructor(text: string, pauses: Pauses, fail: (what: string) => Error) {
    this.#text = text;
    this.#pauses = pauses;
    this.#fail = fail;
  }

  /**
   * Scans an object: `visit` is called after each key and must scan its value, or give a promise to. Equal keys are refused.
   */
  async object(visit: (key: string) => unknown): Promise<void> {
    for (const key of this.keys()) {
      if (this.#pauses.due) await this.#pauses.take();
      const scanned = visit(key);
      // Waiting for what is there already would take as long as scanning a number.
      if (scanned instanceof Promise) await scanned;
    }
  }

  /** Scans an array: `visit` must scan one element, or give a promise to. */
  async array(visit: () => unknown): Promise<void> {
    for (const _ of this.elements()) {
      if (this.#pauses.due) await this.#pauses.take();
      const scanned = visit();
      if (scanned instanceof Promise) await scanned;
    }
  }

  /** As `object`, without pauses, for one whose keys are known: the loop must scan the value of each. */
  *keys(): Generator<string> {
    const keys = new Set<string>();
    this.#expect('{');
    if (this.#accept('}')) return;
    do {
      const key = this.string();
      if (keys.size === MAX_KEYS) throw this.#error(`an object has more than ${MAX_KEYS} keys`);
      if (keys.has(key)) throw this.#error(`the key ${quote(key, 100)} appears twice`);
      keys.add(key);
      this.#expect(':');
      yield key;
    } while (this.#accept(','));
    this.#expect('}');
  }

  /** As `array`, without pauses, for a short one: the loop must scan each element. */
  *elements(): Generator<undefined> {
    this.#expect('[');
    if (this.#accept(']')) return;
    do yield;
    while (this.#accept(','));
    this.#expect(']');
  }

  /**
   * Scans a name, which has at most a million characters, and resolves its escapes. Half of a surrogate pair is refused, for
   * it is not a character.
   */
  string(): string {
    const start = this.#begin();
    const { value, ends } = this.#piece(start);
    if (!ends && this.#at < this.#text.length) throw this.#error(`a name has more than ${PIECE} characters`);
    return this.#checked(value, start);
  }

  /** Scans a string of any length. */
  async text(): Promise<string> {
    const start = this.#begin();
    const pieces: string[] = [];
    // The first half of a surrogate pair whose second one begins the next piece.
    let half = '';
    for (let ended = false; !ended; ) {
      if (this.#pauses.due) await this.#pauses.take();
      const { value, ends } = this.#piece(start);
      const whole = half + value;
      half = !ends && isFirstHalf(whole.charCodeAt(whole.length - 1)) ? whole.slice(-1) : '';
      pieces.push(this.#checked(half === '' ? whole : whole.slice(0, -1), start));
      ended = ends;
    }
    return pieces.join('');
  }

  /** Scans a whole number from 0 to 2^53 - 1, written with digits only. */
  integer(): number {
    const digits = this.#match(INTEGER);
    if (digits === undefined || !Number.isSafeInteger(Number(digits))) {
      throw this.#error('a whole number from 0 to 2^53 - 1 is expected');
    }
    return Number(digits);
  }

  /** Scans any finite number. */
  number(): number {
    const value = Number(this.#match(NUMBER) ?? Number.NaN);
    if (!Number.isFinite(value)) throw this.#error('a number is expected');
    return value;
  }

  /** Scans `true` or `false`. */
  boolean(): boolean {
    const word = this.#match(LITERAL);
    if (word !== 'true' && word !== 'false') throw this.#error('true or false is expected');
    return word === 'true';
  }

  /** The character with which the next value begins, which tells its kind; '' at the end. */
  peek(): string {
    this.#skipSpace();
    return this.#text.charAt(this.#at);
  }

  /** Scans any value and builds nothing; a promise of that where the value may be long. */
  skip(depth = 0): Promise<unknown> | undefined {
    if (depth > MAX_DEPTH) throw this.#error(`values are nested more than ${MAX_DEPTH} deep`);
    const first = this.peek();
    if (first === '{') return this.object(() => this.skip(depth + 1));
    if (first === '[') return this.array(() => this.skip(depth + 1));
    if (first === '"') return this.text();
    if (this.#match(LITERAL) === undefined && this.#match(NUMBER) === undefined) {
      throw this.#error('a value is expected');
    }
    return undefined;
  }

  /**
   * Scans any value and builds it: arrays and objects are taken apart down to `levels` levels, with pauses, and what they
   * hold there must be short.
   */
  async build(levels: number): Promise<unknown> {
    const first = levels === 0 ? '' : this.peek();
    if (first === '[') {
      const elements: unknown[] = [];
      await this.array(() => this.#part(levels, (value) => elements.push(value)));
      return elements;
    }
    if (first !== '{') return this.short();
    const members: [string, unknown][] = [];
    await this.object((key) => this.#part(levels, (value) => members.push([key, value])));
    return Object.fromEntries(members);
  }

  /** Scans a value of at most a quarter of a million characters, and builds it. */
  short(): unknown {
    this.#skipSpace();
    const from = this.#at;
    const most = from + SHORT;
    let depth = 0;
    do {
      const code = this.#text.charCodeAt(this.#at);
      if (code === QUOTE) this.#skipString(most);
      else if (code === OPEN_BRACE || code === OPEN_BRACKET) depth++;
      else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth--;
      this.#at++;
    } while (this.#at < this.#text.length && this.#at <= most && (depth > 0 || !this.#ends()));
    if (this.#at > most) throw this.#error(`a value has more than ${SHORT} characters`);
    const value = parsed(this.#text.slice(from, this.#at));
    if (value === undefined) throw this.#error(`a value that begins near character ${from} is malformed`);
    return value;
  }

  /** Requires that nothing but white space follows. */
  end(): void {
    this.#skipSpace();
    if (this.#at !== this.#text.length) throw this.#error('something follows the end of the JSON text');
  }

  /** A part of what `build` takes apart; the last ones come in a loop, since waiting for each would take as long. */
  #part(levels: number, keep: (value: unknown) => void): Promise<void> | undefined {
    if (levels > 1) return this.build(levels - 1).then(keep);
    keep(this.short());
    return undefined;
  }

  /** Whether a value that is not within another one ends here. */
  #ends(): boolean {
    return CLOSING.includes(this.#text[this.#at - 1]) || BEHIND.includes(this.#text[this.#at]);
  }

  /** Moves from an opening quotation mark to the closing one, or to `most`. */
  #skipString(most: number): void {
    for (this.#at++; this.#at < most; this.#at++) {
      const code = this.#text.charCodeAt(this.#at);
      if (code === QUOTE) return;
      if (code === BACKSLASH) this.#at++;
    }
  }

  /** Moves past an opening quotation mark, and returns where it is. */
  #begin(): number {
    this.#expect('"');
    return this.#at - 1;
  }

  /** Scans the string that began at `start` to its end, or about `PIECE` characters of it; no escape is cut in two. */
  #piece(start: number): { readonly value: string; readonly ends: boolean } {
    const from = this.#at;
    const most = Math.min(this.#text.length, from + PIECE);
    let code = 0;
    while (this.#at < most) {
      code = this.#text.charCodeAt(this.#at);
      if (code === QUOTE) break;
      if (code !== BACKSLASH) this.#at++;
      else this.#at += this.#text.charCodeAt(this.#at + 1) === UNICODE ? 6 : 2;
    }
    const ends = code === QUOTE;
    const value = parsedString(this.#text.slice(from, this.#at));
    if (ends) this.#at++;
    if (value === undefined || (!ends && this.#at >= this.#text.length)) throw this.#malformed(start);
    return { value, ends };
  }

  /** The value of a whole string, or of a part that ends between two characters. */
  #checked(value: string, start: number): string {
    if (SURROGATE.test(value)) throw this.#malformed(start);
    return value;
  }

  #malformed(start: number): Error {
    return this.#error(`a string that begins near character ${start} is malformed`);
  }

  /** Moves past what a sticky pattern matches here. */
  #match(pattern: RegExp): string | undefined {
    this.#skipSpace();
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  #accept(character: string): boolean {
    this.#skipSpace();
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #expect(character: string): void {
    if (!this.#accept(character)) throw this.#error(`"${character}" is expected`);
  }

  #skipSpace(): void {
    while (this.#at < this.#text.length && SPACE.includes(this.#text[this.#at])) this.#at++;
  }

  #error(what: string): Error {
    return this.#fail(`${what} at character ${this.#at}`);
  }
}

/** By `JSON.parse`, which knows the escapes and the forbidden characters; undefined for a text that is no part of a string. */
function parsedString(escaped: string): string | undefined {
  return parsed(`"${escaped}"`) as string | undefined;
}

/** Undefined, which JSON does not have, for a text that is none. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
