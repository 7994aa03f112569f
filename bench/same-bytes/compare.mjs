/**
 * Compares what two builds wrote for the same recipe. A difference is a text that says where; null: there is none. What
 * only the new one has in a document is no difference: it is gathered in `added`.
 */
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import { ALLOWED, NOT_COMPARED } from './allowed.mjs';

/** Numbers by the element type of a tensor; what has none here is compared by bytes alone. */
const READERS = {
  F64: [8, (view, at) => view.getFloat64(at, true)],
  F32: [4, (view, at) => view.getFloat32(at, true)],
  I64: [8, (view, at) => view.getBigInt64(at, true)],
  I32: [4, (view, at) => view.getInt32(at, true)],
  U32: [4, (view, at) => view.getUint32(at, true)],
};

/** Files of bytes that have texts of JSON in their metadata. */
const WITH_DOCUMENTS = ['.onnx', '.h5'];

/** The first difference between the files below two folders, and how many other files differ. */
export async function compareFolders(oldFolder, newFolder) {
  const added = new Set();
  const differences = [];
  const [olds, news] = [await filesBelow(oldFolder), await filesBelow(newFolder)];
  for (const file of news) if (!olds.includes(file)) added.add(file);
  for (const file of olds) {
    if (!news.includes(file)) {
      differences.push(`${file} is missing in the new one`);
      continue;
    }
    const read = (folder) => readFile(join(folder, file));
    const context = { added, folders: [oldFolder, newFolder] };
    const difference = compareFiles(file, await read(oldFolder), await read(newFolder), context);
    if (difference !== null) differences.push(`${file}: ${difference}`);
  }
  const [first = null, ...others] = differences;
  const more = others.length === 0 ? '' : ` (files that differ beside it: ${others.length})`;
  return { difference: first && `${first}${more}`, added };
}

/** Paths with slashes, without those that are not compared. */
async function filesBelow(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, path, name }) => join(parentPath ?? path, name).slice(folder.length + 1))
    .map((path) => path.split(sep).join('/'))
    .filter((path) => !NOT_COMPARED.some(({ file }) => file.test(path)))
    .sort();
}

/** `folders`: where each side's files are; paths in documents are told from there. */
export function compareFiles(file, before, after, { added = new Set(), folders = [] } = {}) {
  if (before.equals(after)) return null;
  const ending = extname(file);
  const context = { file, added, folders };
  if (ending === '.safetensors') return compareSafetensors(before, after, context);
  if (ending === '.json')
    return compareDocuments(JSON.parse(before), JSON.parse(after), { ...context, key: '' });
  if (ending === '.jsonl') return compareDocuments(linesOf(before), linesOf(after), { ...context, key: '' });
  return WITH_DOCUMENTS.includes(ending)
    ? compareAroundDocuments(before, after, context)
    : compareBytes(before, after);
}

/** Byte for byte but for the texts of JSON in its metadata, which are documents. */
function compareAroundDocuments(before, after, context) {
  const [old, now] = [documentsIn(before), documentsIn(after)];
  return (
    compareBytes(old.rest, now.rest) ??
    compareDocuments(old.documents, now.documents, { ...context, key: 'metadata' })
  );
}

/** The objects of JSON in some bytes, and the bytes without them. */
function documentsIn(bytes) {
  const documents = [];
  const rest = [];
  let kept = 0;
  for (let at = bytes.indexOf('{"'); at >= 0; at = bytes.indexOf('{"', Math.max(at + 1, kept))) {
    const end = endOfObject(bytes, at);
    if (end === null) continue;
    documents.push(JSON.parse(bytes.subarray(at, end).toString()));
    rest.push(bytes.subarray(kept, at));
    kept = end;
  }
  return { documents, rest: Buffer.concat([...rest, bytes.subarray(kept)]) };
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const DEPTHS = new Map([
  [0x7b, 1],
  [0x7d, -1],
]);

/** Where an object of JSON that begins at `start` ends; null for what is none. */
function endOfObject(bytes, start) {
  let depth = 0;
  let isText = false;
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at];
    if (isText && byte === BACKSLASH) at++;
    else if (byte === QUOTE) isText = !isText;
    else if (!isText) depth += DEPTHS.get(byte) ?? 0;
    if (depth === 0) return isJson(bytes.subarray(start, at + 1)) ? at + 1 : null;
  }
  return null;
}

function isJson(bytes) {
  try {
    JSON.parse(bytes.toString());
    return true;
  } catch {
    return false;
  }
}

function linesOf(bytes) {
  const lines = bytes.toString().trimEnd().split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line));
}

function compareBytes(before, after) {
  if (before.length !== after.length) return `${before.length} bytes, then ${after.length}`;
  const at = before.findIndex((byte, i) => byte !== after[i]);
  return at < 0 ? null : `byte ${at} is ${before[at]}, then ${after[at]}`;
}

/** Documents of JSON: every key of the old one has to be there with its value, in lists every item. */
export function compareDocuments(
  before,
  after,
  { file = '', key = '', added = new Set(), folders = [] } = {},
) {
  if (isAllowed(file, key)) return null;
  const context = { file, added, folders };
  const inside = (name) => (key === '' ? name : `${key}.${name}`);
  if (Array.isArray(before) && Array.isArray(after)) {
    if (before.length !== after.length) return `${key} has ${before.length} items, then ${after.length}`;
    return firstOf(before, (value, i) => compareDocuments(value, after[i], { ...context, key: inside(i) }));
  }
  if (isObject(before) && isObject(after)) {
    for (const name of Object.keys(after)) if (!Object.hasOwn(before, name)) added.add(inside(name));
    return firstOf(Object.keys(before), (name) =>
      Object.hasOwn(after, name) || isAllowed(file, inside(name))
        ? compareDocuments(before[name], after[name], { ...context, key: inside(name) })
        : `${inside(name)} is missing in the new one`,
    );
  }
  const [oldObject, newObject] = [objectIn(before), objectIn(after)];
  if (oldObject !== null && newObject !== null)
    return compareDocuments(oldObject, newObject, { ...context, key });
  const [old, now] = [before, after].map((value, side) =>
    typeof value === 'string' && folders[side] !== undefined
      ? value.replaceAll(folders[side], '<folder>')
      : value,
  );
  return Object.is(old, now) ? null : `${key} is ${shown(old)}, then ${shown(now)}`;
}

function isAllowed(file, key) {
  return ALLOWED.some((allowed) => allowed.file.test(file) && allowed.key.test(key));
}

/** The object that a text of JSON is of; null for any other value. */
function objectIn(value) {
  if (typeof value !== 'string' || !value.startsWith('{')) return null;
  return isJson(value) ? JSON.parse(value) : null;
}

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shown(value) {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 100 ? `${text.slice(0, 97)}...` : text;
}

function firstOf(items, compare) {
  for (const [i, item] of items.entries()) {
    const difference = compare(item, i);
    if (difference !== null) return difference;
  }
  return null;
}

/** Tensors byte for byte and in their order; the metadata as a document, in which texts of JSON are documents, too. */
export function compareSafetensors(before, after, context = {}) {
  const [old, now] = [parseSafetensors(before), parseSafetensors(after)];
  const names = (file) => [...file.tensors.keys()];
  const gone = names(old).find((name) => !now.tensors.has(name));
  if (gone !== undefined) return `tensor ${gone} is missing in the new one`;
  const more = names(now).find((name) => !old.tensors.has(name));
  if (more !== undefined) return `tensor ${more} is in the new one only`;
  const moved = names(old).findIndex((name, i) => name !== names(now)[i]);
  if (moved >= 0) return `tensor ${names(old)[moved]} is in another place`;
  return (
    firstOf(names(old), (name) => compareTensors(name, old.tensors.get(name), now.tensors.get(name))) ??
    compareDocuments(old.metadata, now.metadata, { ...context, key: 'metadata' })
  );
}

function compareTensors(name, before, after) {
  const form = ({ dtype, shape }) => `${dtype} [${shape}]`;
  if (form(before) !== form(after)) return `tensor ${name} is ${form(before)}, then ${form(after)}`;
  const at = before.data.equals(after.data) ? -1 : before.data.findIndex((byte, i) => byte !== after.data[i]);
  if (at < 0) return null;
  const reader = READERS[before.dtype];
  if (reader === undefined) return `tensor ${name}, byte ${at}`;
  const [size, read] = reader;
  const index = Math.floor(at / size);
  const number = ({ data }) => read(new DataView(data.buffer, data.byteOffset, data.length), index * size);
  return `tensor ${name}[${index}] is ${number(before)}, then ${number(after)}`;
}

function parseSafetensors(bytes) {
  const end = 8 + Number(bytes.readBigUInt64LE(0));
  const { __metadata__: texts = {}, ...entries } = JSON.parse(bytes.subarray(8, end).toString());
  const tensors = Object.entries(entries).map(
    ([
      name,
      {
        dtype,
        shape,
        data_offsets: [from, to],
      },
    ]) => [name, { dtype, shape, from, data: bytes.subarray(end + from, end + to) }],
  );
  tensors.sort(([, a], [, b]) => a.from - b.from);
  const metadata = Object.entries(texts).map(([key, text]) => [key, documentIn(text)]);
  return { tensors: new Map(tensors), metadata: Object.fromEntries(metadata) };
}

function documentIn(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
