/**
 * The text of a shader: plain WGSL files put one after the other, behind a generated prelude.
 *
 *   enable ...;               moved to the top from the files that need it: WGSL wants it first
 *   alias Element = f32;      the storage type of the elements
 *   const TILE_M = 64u;       the variant's constants
 *   alias Element0 = f32; ... the storage type of each operand: Element, or f16 where a mixed program keeps it so
 *   <files of shaders/lib/>
 *   <the kernel's file>
 *
 * Nothing here touches a device or a disk.
 */
import { AttuneError } from '../../errors.js';
import type { Word } from '../kernel.js';

/** A file of WGSL: its path below shaders/ and its text. */
export interface ShaderFile {
  readonly path: string;
  readonly text: string;
}

export interface ShaderText {
  readonly code: string;
  /** The file and line that line `line` of `code` came from; lines count from 1. */
  origin(line: number): { readonly path: string; readonly line: number };
}

/** Words of a launch's constants: 256 bytes, which is also the strictest alignment of a uniform binding. */
export const MAX_WORDS = 64;
export const CONSTANTS_BYTES = MAX_WORDS * 4;

/** Storage buffers that every adapter lets a kernel have; some let it have more. */
export const MAX_OPERANDS = 8;

const PRELUDE = 'prelude';
const ENABLE = /^[ \t]*enable\s[^;]*;/gm;

/**
 * Concatenates prelude and files. `constants` become `const NAME = 64u;`, so they are unsigned integers. `halves` are
 * the operands, by their place, that are stored as f16; their shader has to be written for it.
 */
export function shaderText(
  element: string,
  constants: Readonly<Record<string, number>>,
  files: readonly ShaderFile[],
  halves: readonly number[] = [],
): ShaderText {
  const enables = new Set<string>(halves.length > 0 ? ['enable f16;'] : []);
  const bodies = files.map((file) =>
    // Blanking the directive keeps the lines where they are in the file.
    file.text.replace(ENABLE, (directive) => {
      enables.add(directive.trim());
      return directive.replace(/[^\n]/g, ' ');
    }),
  );
  const prelude = [...enables, `alias Element = ${element};`];
  for (const [name, value] of Object.entries(constants)) {
    if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) {
      throw new AttuneError({
        code: 'internal',
        what: `shader constant ${name} is ${value}`,
        where: files.at(-1)?.path,
        hint: 'constants of a variant are unsigned 32-bit integers',
      });
    }
    prelude.push(`const ${name} = ${value}u;`);
  }
  prelude.push(
    Array.from({ length: MAX_OPERANDS }, (_, i) => {
      assertWrittenFor(halves.includes(i), i, files);
      return `alias Element${i} = ${halves.includes(i) ? 'f16' : element};`;
    }).join(' '),
  );
  const texts = [{ path: PRELUDE, lines: prelude }].concat(
    files.map((file, i) => ({ path: file.path, lines: bodies[i].replace(/\n$/, '').split('\n') })),
  );
  return {
    code: `${texts.map((text) => text.lines.join('\n')).join('\n')}\n`,
    origin(line) {
      let rest = line;
      for (const text of texts) {
        if (rest <= text.lines.length) return { path: text.path, line: rest };
        rest -= text.lines.length;
      }
      const last = texts[texts.length - 1];
      return { path: last.path, line: last.lines.length };
    },
  };
}

/** An operand that the shader takes for `Element` would be read as what it is not. Some passes do without an operand. */
function assertWrittenFor(half: boolean, operand: number, files: readonly ShaderFile[]): void {
  const has = (word: string) => files.some(({ text }) => text.includes(word));
  if (!half || has(`Element${operand}`) || !has(`@binding(${operand})`)) return;
  throw new AttuneError({
    code: 'internal',
    what: `operand ${operand} is stored as float16, and the shader does not declare it with Element${operand}`,
    where: files.at(-1)?.path,
  });
}

/** Writes a launch's constants at byte `offset` of `target`: numbers as u32, `float(x)` as f32, little-endian. */
export function writeWords(target: DataView, offset: number, words: readonly Word[], kernel: string): void {
  if (words.length > MAX_WORDS) {
    throw new AttuneError({
      code: 'internal',
      what: `${words.length} constant words are more than ${MAX_WORDS}`,
      where: `kernel ${kernel}`,
    });
  }
  words.forEach((word, i) => {
    const at = offset + 4 * i;
    if (typeof word !== 'number') {
      target.setFloat32(at, word.float, true);
    } else if (Number.isInteger(word) && word >= 0 && word <= 0xffffffff) {
      target.setUint32(at, word, true);
    } else {
      throw new AttuneError({
        code: 'internal',
        what: `constant word ${i} is ${word}`,
        where: `kernel ${kernel}`,
        hint: 'a plain number is written as u32; mark others with float()',
      });
    }
  });
}
