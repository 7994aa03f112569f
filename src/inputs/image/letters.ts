/** Small letters and digits as pixels, for labels in pictures: three columns and five rows each, a row as three bits. */

export const LETTER_WIDTH = 3;
export const LETTER_HEIGHT = 5;

const ROWS: Readonly<Record<string, string>> = {
  a: '010 101 111 101 101',
  b: '110 101 110 101 110',
  c: '011 100 100 100 011',
  d: '110 101 101 101 110',
  e: '111 100 110 100 111',
  f: '111 100 110 100 100',
  g: '011 100 101 101 011',
  h: '101 101 111 101 101',
  i: '111 010 010 010 111',
  j: '001 001 001 101 010',
  k: '101 101 110 101 101',
  l: '100 100 100 100 111',
  m: '101 111 111 101 101',
  n: '110 101 101 101 101',
  o: '010 101 101 101 010',
  p: '110 101 110 100 100',
  q: '010 101 101 110 011',
  r: '110 101 110 101 101',
  s: '011 100 010 001 110',
  t: '111 010 010 010 010',
  u: '101 101 101 101 111',
  v: '101 101 101 101 010',
  w: '101 101 111 111 101',
  x: '101 101 010 101 101',
  y: '101 101 010 010 010',
  z: '111 001 010 100 111',
  '0': '111 101 101 101 111',
  '1': '010 110 010 010 111',
  '2': '110 001 010 100 111',
  '3': '110 001 010 001 110',
  '4': '101 101 111 001 001',
  '5': '111 100 110 001 110',
  '6': '011 100 111 101 111',
  '7': '111 001 010 010 010',
  '8': '111 101 111 101 111',
  '9': '111 101 111 001 110',
  '-': '000 000 111 000 000',
  _: '000 000 000 000 111',
  '.': '000 000 000 000 010',
  '/': '001 001 010 100 100',
  '%': '101 001 010 100 101',
  ',': '000 000 000 010 100',
  ':': '000 010 000 010 000',
  '(': '001 010 010 010 001',
  ')': '100 010 010 010 100',
  '²': '110 010 100 110 000',
  '→': '000 010 111 010 000',
  '●': '000 111 111 111 000',
  '…': '000 000 000 000 101',
  '−': '000 000 111 000 000',
};

/** Whether there are pixels for all letters of a text. */
export function canWrite(text: string): boolean {
  return [...text].every((letter) => letter === ' ' || letter.toLowerCase() in ROWS);
}

/** Whether the pixel of a letter at this column and row is set; never for what is not among them. */
export function isSet(letter: string, column: number, row: number): boolean {
  return ROWS[letter.toLowerCase()]?.split(' ')[row][column] === '1';
}
