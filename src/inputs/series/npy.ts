/**
 * NumPy's file of one array (numpy.lib.format, versions 1.0 to 3.0): a mark, a version, the length of the header, the header as
 * text of Python, and the numbers. Only what is plain is read: the header is matched as a whole and nothing of it is run.
 *
 *     "\x93NUMPY" major minor | length, 2 bytes (from version 2 on 4), little endian | header | numbers
 */
import { AttuneError } from '../../errors.js';
import { MOST_CHANNELS, type Series, tooManyChannels } from './numbers.js';

const MARK = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
/** NumPy itself refuses to read a longer header. */
const MOST_HEADER = 10_000;

/** `{'descr': '<f4', 'fortran_order': False, 'shape': (100, 3), }`, the keys in the order in which NumPy sorts them. */
const HEADER =
  /^\{ *'descr': *'([^'\\]{1,16})' *, *'fortran_order': *(True|False) *, *'shape': *\( *(|\d{1,12}(?: *, *\d{1,12})*) *,? *\) *,? *\}[ \n]*$/;

type Read = (view: DataView, at: number, little: boolean) => number;

/** How one number of each type is read. */
const TYPES: Readonly<Record<string, { readonly bytes: number; readonly read: Read }>> = {
  f4: { bytes: 4, read: (view, at, little) => view.getFloat32(at, little) },
  f8: { bytes: 8, read: (view, at, little) => view.getFloat64(at, little) },
  i1: { bytes: 1, read: (view, at) => view.getInt8(at) },
  i2: { bytes: 2, read: (view, at, little) => view.getInt16(at, little) },
  i4: { bytes: 4, read: (view, at, little) => view.getInt32(at, little) },
  i8: { bytes: 8, read: (view, at, little) => Number(view.getBigInt64(at, little)) },
  u1: { bytes: 1, read: (view, at) => view.getUint8(at) },
  u2: { bytes: 2, read: (view, at, little) => view.getUint16(at, little) },
  u4: { bytes: 4, read: (view, at, little) => view.getUint32(at, little) },
  u8: { bytes: 8, read: (view, at, little) => Number(view.getBigUint64(at, little)) },
};

/** Reads an array [time] or [time, channels]. Throws AttuneError 'input' naming `path` and what is wrong. */
export function parseNpy(bytes: Uint8Array, path: string): Series {
  const refuse = (what: string, hint = 'save the array again with numpy.save') =>
    new AttuneError({ code: 'input', what, where: path, hint });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12 || MARK.some((byte, i) => bytes[i] !== byte))
    throw refuse('this is no NPY file, whatever its name says');
  const [major, minor] = [bytes[6], bytes[7]];
  if (major < 1 || major > 3 || minor !== 0)
    throw refuse(`NPY files of version ${major}.${minor} are not read`);
  const begin = major === 1 ? 10 : 12;
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > MOST_HEADER || begin + length > bytes.length)
    throw refuse(`its header is said to have ${length} bytes`);
  const text = new TextDecoder('latin1').decode(bytes.subarray(begin, begin + length));
  const [, descr, isFortran, shapeText] = HEADER.exec(text) ?? [];
  if (descr === undefined) throw refuse('its header is not that of an array of numbers');
  const type = TYPES[descr.slice(1)];
  if (!/^[<>|=][fiu]\d$/.test(descr) || type === undefined || (type.bytes > 1 && !/^[<>]/.test(descr)))
    throw refuse(`its numbers are of type ${descr}`, 'save them as float32: array.astype("float32")');
  if (isFortran === 'True')
    throw refuse('its numbers are in the order of Fortran', 'save numpy.ascontiguousarray(array)');
  const shape = shapeText
    .split(',')
    .filter((size) => size.trim() !== '')
    .map(Number);
  if (shape.length < 1 || shape.length > 2)
    throw refuse(`the array has ${shape.length} axes`, 'save it as [time] or [time, channels]');
  const [steps, channels = 1] = shape;
  const count = steps * channels;
  const data = begin + length;
  if (count * type.bytes !== bytes.length - data)
    throw refuse(`the array should have ${count * type.bytes} bytes and has ${bytes.length - data}`);
  if (channels > MOST_CHANNELS) throw tooManyChannels(channels, path);
  const values = new Float32Array(count);
  const little = descr[0] === '<';
  for (let i = 0; i < count; i++) {
    const value = type.read(view, data + i * type.bytes, little);
    if (Math.abs(value) > Number.MAX_SAFE_INTEGER && type.bytes === 8 && !descr.includes('f'))
      throw refuse(`number ${i} is too large to be read exactly`, 'save them as float32 or float64');
    values[i] = value;
  }
  return { steps, channels, values };
}
