/**
 * A strict JSON scanner that its caller drives.
 *
 * `JSON.parse` keeps the last of two equal keys and builds whatever it is given. The readers of this folder know what
 * they look for, so they ask for exactly what may come next and skip the rest: nothing else is built, equal keys are
 * refused, and depth is bounded.
 */

import { quote } from './tensors.js';

const SPACE = ' \t\n\r';
// At most 17 digits: a longer number cannot be exact, and the lookahead then refuses it.
const INTEGER = /(?:0|[1-9][0-9]{0,16})(?![0-9.eE])/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
// Python writes the last three, which JSON does not have.
const LITERAL = /true|false|null|NaN|-?Infinity/y;
const SURROGATE = /\p{Surrogate}/u;

/** The deepest nesting that is skipped. */
const MAX_DEPTH = 200;

export class JsonScanner {
  readonly #text: string;
  readonly #fail: (what: string) => Error;
  #at = 0;

  /** @param fail makes the error to throw; it is given what is wrong and where in the text. */
  constructor(text: string, fail: (what: string) => Error) {
    this.#text = text;
    this.#fail = fail;
  }

  /** Scans an object: `visit` is called after each key and must scan its value. Equal keys are refused. */
  object(visit: (key: string) => void): void {
    const keys = new Set<string>();
    this.#expect('{');
    if (this.#accept('}')) return;
    do {
      const key = this.string();
      if (keys.has(key)) throw this.#error(`the key ${quote(key, 100)} appears twice`);
      keys.add(key);
      this.#expect(':');
      visit(key);
    } while (this.#accept(','));
    this.#expect('}');
  }

  /** Scans an array: `visit` must scan one element. */
  array(visit: () => void): void {
    this.#expect('[');
    if (this.#accept(']')) return;
    do visit();
    while (this.#accept(','));
    this.#expect(']');
  }

  /** Scans a string and resolves its escapes. Half of a surrogate pair is refused, for it is not a character. */
  string(): string {
    const start = this.#at;
    this.#expect('"');
    const value = this.#parseString(this.#closeString());
    if (value === undefined) throw this.#error(`a string that begins near character ${start} is malformed`);
    return value;
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

  /** Scans any value and builds nothing. */
  skip(depth = 0): void {
    if (depth > MAX_DEPTH) throw this.#error(`values are nested more than ${MAX_DEPTH} deep`);
    const first = this.peek();
    if (first === '{') this.object(() => this.skip(depth + 1));
    else if (first === '[') this.array(() => this.skip(depth + 1));
    else if (first === '"') this.string();
    else if (this.#match(LITERAL) === undefined && this.#match(NUMBER) === undefined) {
      throw this.#error('a value is expected');
    }
  }

  /** Requires that nothing but white space follows. */
  end(): void {
    this.#skipSpace();
    if (this.#at !== this.#text.length) throw this.#error('something follows the end of the JSON text');
  }

  /** Moves past the closing quotation mark and returns the whole literal. A loop, for strings may be megabytes long. */
  #closeString(): string {
    const start = this.#at - 1;
    while (this.#at < this.#text.length) {
      const character = this.#text[this.#at];
      this.#at += character === '\\' ? 2 : 1;
      if (character === '"') break;
    }
    return this.#text.slice(start, this.#at);
  }

  /** The value of a string literal, by `JSON.parse`, which knows the escapes and the forbidden characters. */
  #parseString(literal: string): string | undefined {
    try {
      const value = JSON.parse(literal) as string;
      return SURROGATE.test(value) ? undefined : value;
    } catch {
      return undefined;
    }
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
