/** Putting names, numbers and paths into lines for people, whatever shows them. */

/** Control characters and marks of direction, which would move the cursor, change colours or turn text round: a file name may hold them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** Two columns wide in a terminal: East Asian scripts and most pictographs. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
/** No column of their own: accents and joiners. */
const ZERO = /\p{M}|\u200b|\u200c|\u200d|\ufe0f/u;

/** Text from outside on one line, with nothing in it that a terminal would obey. */
export function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ').replace(CONTROL, escaped);
}

/** The same for text of several lines, which stay as they are. */
export function harmless(text: string): string {
  return text.replace(CONTROL, (character) => (/[\n\t]/.test(character) ? character : escaped(character)));
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Columns that a text takes in a terminal. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) width += ZERO.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return width;
}

/** A text cut to `columns`, with an ellipsis at its end where something is missing. */
export function shorten(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  let kept = '';
  for (const character of text) {
    if (displayWidth(kept + character) > columns - 1) break;
    kept += character;
  }
  return `${kept}…`;
}

/** `25,557,032` */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** `1 image`, `2 images`; `plural` where an s is not enough. */
export function counted(value: number, noun: string, plural = `${noun}s`): string {
  return `${count(value)} ${value === 1 ? noun : plural}`;
}

/** A text with its first letter as a sentence begins. */
export function capitalized(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

/** The first of some names, and how many more there are: `ant, bee and 3 more`. */
export function listed(names: readonly string[], most = 10): string {
  const more = names.length - most;
  const some = names.slice(0, most).join(', ');
  return more > 0 ? `${some} and ${more} more` : some;
}

/** A fraction as `93.1 %`; `-` for what is not known. */
export function percent(fraction: number | null): string {
  return fraction === null ? '-' : `${(fraction * 100).toFixed(1)} %`;
}

/** A measured value of any size: `0.0123`, `78.5`, `1235000`. */
export function significant(value: number): string {
  return String(Number(value.toPrecision(4)));
}

/** `8 s`, `3 min 20 s`, `2 h 5 min`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 10) return whole % 60 === 0 ? `${minutes} min` : `${minutes} min ${whole % 60} s`;
  const rounded = Math.round(whole / 60);
  if (rounded < 60) return `${rounded} min`;
  const rest = rounded % 60;
  return rest === 0 ? `${rounded / 60} h` : `${Math.floor(rounded / 60)} h ${rest} min`;
}

/** What a line is typed in. */
export type Shell = 'posix' | 'cmd' | 'powershell';

/**
 * The shell of whoever started this process. On Windows Git's says so by a variable, and PowerShell, unlike cmd, looks
 * for modules in the folder of its user.
 */
export function shellHere(
  platform: NodeJS.Platform = process.platform,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Shell {
  if (platform !== 'win32' || env['MSYSTEM']) return 'posix';
  const home = env['USERPROFILE']?.toLowerCase();
  return home && env['PSModulePath']?.toLowerCase().includes(home) ? 'powershell' : 'cmd';
}

/** Words that a shell takes as they are. A comma makes a list in PowerShell, a backslash quotes in others. */
const PLAIN: Readonly<Record<Shell, RegExp>> = {
  posix: /^[\p{L}\p{N}_./:@%+=,-]+$/u,
  cmd: /^[\p{L}\p{N}_./:@+=,\\-]+$/u,
  powershell: /^[\p{L}\p{N}_./:%+=\\-]+$/u,
};

const QUOTED: Readonly<Record<Shell, (word: string) => string>> = {
  posix: (word) =>
    word.search(CONTROL) < 0
      ? `'${word.replaceAll("'", "'\\''")}'`
      : `$'${word.replace(/[\\']/g, '\\$&').replace(CONTROL, escaped)}'`,
  // Programs for Windows read two quotes within quotes as one, and backslashes before a quote by pairs; between two quotes
  // cmd takes all but a % as it is.
  cmd: (word) => `"${word.replace(/(\\*)"/g, '$1$1""').replace(/\\+$/, '$&$&')}"`,
  // Typographic quotes end a text in PowerShell, too.
  powershell: (word) => `'${word.replace(/['\u2018-\u201b]/g, '$&$&')}'`,
};

/** A word as a shell takes it: quoted where it has to be. */
export function shellWord(word: string, shell: Shell = shellHere()): string {
  return PLAIN[shell].test(word) ? word : QUOTED[shell](word);
}

/** What stays with the number before it. */
const UNIT = '(?:%|s|ms|min|h|B|[kMG]i?B|bytes|nats|(?:images|samples)/s)(?![\\p{L}\\p{N}/])';
const BEFORE_UNIT = new RegExp(`(?<=\\d) (?=${UNIT})`, 'gu');
const BETWEEN_WORDS = new RegExp(`(?<!\\d) | (?!${UNIT})`, 'u');

/** A text in which no line is broken between a number and its unit, wherever it is shown. */
export function keptUnits(text: string): string {
  return text.replace(BEFORE_UNIT, '\u00a0');
}

/** Breaks lines that are longer than `columns`, between words and not before a unit; a longer word stays whole. */
export function wrap(text: string, columns: number): string {
  return text
    .split('\n')
    .map((line) => wrapLine(line, columns))
    .join('\n');
}

function wrapLine(text: string, columns: number): string {
  const lines: string[] = [];
  for (const word of text.split(BETWEEN_WORDS)) {
    const longer = `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && displayWidth(longer) <= columns) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines.join('\n');
}
