/**
 * File functions that fail when they are told to: everything of `node:fs/promises` that writes, renames, flushes, opens or
 * removes below one folder is counted, and the k-th call fails. Import it before what is tested, so that nothing has taken
 * hold of the functions yet.
 */
import { constants } from 'node:fs';
import files, { type FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { basename, resolve } from 'node:path';

/** `once`: one call fails. `full`: it and all that need space after it. `dead`: half of it is done, and nothing after it. */
export type FaultKind = 'once' | 'full' | 'dead';

/** A call: what was done, and to which file; `.` is the folder. */
export type Call = readonly [what: string, name: string];

let folder: string | null = null;
let kind: FaultKind = 'once';
let code = 'EIO';
let failsAt = 0;
let calls: Call[] = [];
let fired = 0;

/** What needs space on the disk. */
const TAKES_SPACE = ['write', 'create', 'link', 'mkdir', 'writeFile', 'copyFile'];

/** Does `work` while the `k`th call below a folder fails. Returns how many calls failed, and all that were made. */
export async function withFault(
  below: string,
  fault: { readonly k: number; readonly kind: FaultKind; readonly code?: string },
  work: () => Promise<unknown>,
): Promise<{ readonly fired: number; readonly calls: readonly Call[]; readonly error: unknown }> {
  [folder, kind, code, failsAt, calls, fired] = [
    resolve(below),
    fault.kind,
    fault.code ?? 'EIO',
    fault.k,
    [],
    0,
  ];
  if (kind === 'full') code = fault.code ?? 'ENOSPC';
  try {
    await work();
    return { fired, calls, error: null };
  } catch (error) {
    return { fired, calls, error };
  } finally {
    folder = null;
  }
}

function isBelow(path: unknown): path is string {
  return folder !== null && typeof path === 'string' && (path === folder || path.startsWith(`${folder}/`));
}

/** Counts a call; true when it is to fail. */
function fails(what: string, path: string): boolean {
  calls.push([what, path === folder ? '.' : basename(path)]);
  const isLater = calls.length > failsAt && fired > 0;
  const fault =
    calls.length === failsAt ||
    (isLater && (kind === 'dead' || (kind === 'full' && TAKES_SPACE.includes(what))));
  if (fault) fired++;
  return fault;
}

function failure(what: string, path: string): Error {
  return Object.assign(new Error(`${code}: injected, ${what} '${path}'`), { code, syscall: what, path });
}

type AnyFunction = (...args: unknown[]) => Promise<unknown>;
const functions = files as unknown as Record<string, AnyFunction>;

for (const name of ['rename', 'link', 'copyFile', 'rm', 'mkdir', 'writeFile', 'readdir']) {
  const original = functions[name]!;
  functions[name] = async (...args) => {
    // Of two paths the second is the one that is made.
    const path = args[['rename', 'link', 'copyFile'].includes(name) ? 1 : 0];
    if (!isBelow(path)) return original(...args);
    if (fails(name, path)) throw failure(name, path);
    return original(...args);
  };
}

const { open } = files;
functions.open = (async (path: unknown, flags: unknown = 'r', ...rest: unknown[]) => {
  const opened = () => open(path as string, flags as string, ...(rest as [number?]));
  if (!isBelow(path)) return opened();
  const makes = typeof flags === 'number' ? (flags & constants.O_CREAT) !== 0 : flags !== 'r';
  const what = makes ? 'create' : 'open';
  if (fails(what, path)) throw failure(what, path);
  return watched(await opened(), path);
}) as AnyFunction;

function watched(handle: FileHandle, path: string): FileHandle {
  const { write, truncate, close } = handle;
  const send = write.bind(handle) as unknown as AnyFunction;
  const methods = handle as unknown as Record<string, AnyFunction>;
  methods.write = async (bytes, ...rest) => {
    if (!fails('write', path)) return send(bytes, ...rest);
    const [offset, length] = rest as [number, number];
    if (kind === 'dead' && fired === 1) await send(bytes, offset, length >> 1);
    throw failure('write', path);
  };
  methods.truncate = async (length) => {
    if (fails('truncate', path)) throw failure('truncate', path);
    await truncate.call(handle, length as number);
  };
  methods.sync = async () => {
    // No power is cut here, and hundreds of flushes would take minutes.
    if (fails('sync', path)) throw failure('sync', path);
  };
  methods.close = async () => {
    // What fails is told of, but no handle stays open.
    const isFault = fails('close', path);
    await close.call(handle);
    if (isFault) throw failure('close', path);
  };
  return handle;
}

syncBuiltinESMExports();
