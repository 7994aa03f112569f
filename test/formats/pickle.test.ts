import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  bareHost,
  PickleGlobal,
  type PickleHost,
  PickleTuple,
  type PickleValue,
  unpickle,
} from '#src/formats/pickle';
import { OP } from '#src/formats/pickle-opcodes';
import { Pauses } from '#src/pauses';
import { TorchHost, TorchTensor } from '#src/formats/torch-objects';
import {
  concat,
  dict,
  int,
  list,
  little,
  MARK,
  named,
  NONE,
  pickle,
  rejects,
  tensor,
  text,
  tuple,
} from './support.js';

const load = async (bytes: Uint8Array, host: PickleHost = bareHost): Promise<PickleValue> =>
  (await unpickle(bytes, 0, host, 'p', new Pauses())).value;
const torch = (bytes: Uint8Array) => load(bytes, new TorchHost('p'));

test('every kind of value', async () => {
  const value = (await load(
    pickle(
      dict([
        [text('none'), NONE],
        [text('flags'), list([0x88], [0x89])],
        [text('numbers'), tuple(int(7), [OP.BININT2, 0x34, 0x12], [OP.BININT, 0xfe, 0xff, 0xff, 0xff])],
        [text('float'), [OP.BINFLOAT, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0]],
        [text('long'), [OP.LONG1, 0]],
        [text('negative'), [OP.LONG1, 1, 0xff]],
        [text('large'), [OP.LONG1, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1]],
        [text('unicode'), text('größe')],
        [[OP.SHORT_BINSTRING, 2, 0x70, 0x32], [OP.EMPTY_TUPLE]],
        [int(5), [...int(1), ...int(2), OP.TUPLE2]],
      ]),
    ),
  )) as Map<PickleValue, PickleValue>;
  assert.equal(value.get('flags'), [true, false]);
  assert.equal((value.get('numbers') as PickleTuple).items, [7, 0x1234, -2]);
  assert.equal(
    ['none', 'float', 'long', 'negative', 'large', 'unicode'].map((key) => value.get(key)),
    [null, 1.5, 0, -1, 2n ** 64n, 'größe'],
  );
  assert.equal((value.get('p2') as PickleTuple).items, []);
  assert.equal((value.get(5) as PickleTuple).items, [1, 2]);
});

test('the memo gives the same object again', async () => {
  const value = await load(pickle([0x5d, OP.BINPUT, 3, OP.LONG_BINPUT, 9, 0, 0, 1, OP.BINGET, 3, OP.APPEND]));
  assert.is((value as PickleValue[])[0], value, 'a list that contains itself');
  const twice = await load(
    pickle([...text('x'), OP.LONG_BINPUT, 9, 0, 0, 1, OP.LONG_BINGET, 9, 0, 0, 1, OP.TUPLE2]),
  );
  assert.equal((twice as PickleTuple).items, ['x', 'x']);
});

test('each of the 256 opcodes is run or refused by name', async () => {
  const allowed = new Set<number>(Object.values(OP));
  let refused = 0;
  for (let opcode = 0; opcode < 256; opcode++) {
    if (allowed.has(opcode)) continue;
    refused++;
    const name = new RegExp(
      `opcode 0x${opcode.toString(16).padStart(2, '0')}.*attune does not run \\(p, byte 2\\)`,
    );
    await rejects(() => load(pickle([opcode])), name);
  }
  assert.is(refused, 256 - 33);
  await rejects(() => load(pickle([0x69])), /0x69 \(INST\)/);
  await rejects(() => load(pickle([0x93])), /0x93 \(STACK_GLOBAL\)/);
});

test('only protocol 2', async () => {
  await rejects(() => load(Uint8Array.of(0x80, 4, 0x4e, 0x2e)), /protocol 4, not 2/);
});

test('globals that are not of weights are refused by name', async () => {
  const attacks: [string, string][] = [
    ['os', 'system'],
    ['posix', 'system'],
    ['nt', 'system'],
    ['builtins', 'eval'],
    ['__builtin__', 'exec'],
    ['builtins', 'getattr'],
    ['torch.hub', 'load'],
    ['torch', 'load'],
    ['torch.storage', '_load_from_bytes'],
    ['subprocess', 'Popen'],
    ['collections', 'OrderedDict.__class__'],
    ['', 'torch.Size'],
    ['numpy.core.multiarray', '_reconstruct'],
  ];
  for (const [module, name] of attacks) {
    const refusal = new RegExp(
      `the Python object ${`${module}.${name}`.replaceAll('.', '\\.')}, which attune never loads`,
    );
    await rejects(() => torch(pickle(named(module, name))), refusal);
    // Refused when it is named, whatever is done with it.
    await rejects(() => torch(pickle([...named(module, name), ...tuple(text('id')), OP.REDUCE])), refusal);
  }
  await rejects(() => torch(pickle(named('os', 'x'.repeat(300)))), /more than 256 bytes/);
});

test('nothing but a known function is called', async () => {
  await rejects(() => torch(pickle([...text('f'), ...tuple(), OP.REDUCE])), /not a function/);
  await rejects(
    () => torch(pickle([...named('torch', 'FloatStorage'), ...tuple(), OP.REDUCE])),
    /not a function/,
  );
  await rejects(() => torch(pickle([...named('torch', 'float32'), ...tuple(), OP.NEWOBJ])), /not a function/);
  await rejects(() => torch(pickle([...named('torch', 'Size'), ...list(), OP.REDUCE])), /not a function/);
  const seen: PickleValue[] = [];
  const host: PickleHost = {
    global: (name) => new PickleGlobal(name, (args) => seen.push(...args)),
    persistent: (id) => [id],
  };
  assert.is(await load(pickle([...named('any', 'thing'), ...tuple(int(1), int(2)), OP.NEWOBJ]), host), 2);
  assert.equal(seen, [1, 2]);
  assert.equal(await load(pickle([...text('id'), OP.BINPERSID]), host), ['id']);
});

test('attributes only of dictionaries, where they are dropped', async () => {
  const state = dict([[text('_metadata'), NONE]]);
  assert.equal(await load(pickle([0x7d, ...state, OP.BUILD])), new Map());
  await rejects(() => load(pickle([0x5d, ...state, OP.BUILD])), /not a dictionary/);
  await rejects(() => load(pickle([0x7d, ...tuple(), OP.BUILD])), /not a dictionary/);
});

test('the stack is never left, above or below', async () => {
  const single = [
    OP.APPEND,
    OP.SETITEM,
    OP.TUPLE1,
    OP.TUPLE2,
    OP.TUPLE3,
    OP.REDUCE,
    OP.NEWOBJ,
    OP.BUILD,
    OP.BINPERSID,
  ];
  for (const opcode of single) {
    await rejects(() => torch(pickle([opcode])), /a value that is not there/);
    // A value below an open mark is out of reach.
    await rejects(() => torch(pickle([0x7d, 0x7d, 0x7d, 0x7d, MARK, opcode])), /a value that is not there/);
  }
  for (const opcode of [OP.TUPLE, OP.APPENDS, OP.SETITEMS]) {
    await rejects(() => torch(pickle([0x7d, opcode])), /a mark that is not there/);
  }
  await rejects(() => load(pickle([OP.BINPUT, 0])), /a value that is not there/);
  await rejects(() => load(pickle([])), /a value that is not there/);
  await rejects(() => load(pickle([0x4e, 0x4e])), /values left over/);
  await rejects(() => load(pickle([MARK, 0x4e])), /values left over/);
});

test('the memo gives only what was stored', async () => {
  await rejects(() => load(pickle([OP.BINGET, 0])), /entry 0 of its memo, which was never stored/);
  await rejects(() => load(pickle([OP.LONG_BINGET, 255, 255, 255, 255])), /entry 4294967295/);
  assert.is(
    (await load(pickle([0x4e, OP.BINPUT, 7, OP.TUPLE1, OP.BINGET, 7, OP.TUPLE2]))) instanceof PickleTuple,
    true,
  );
});

test('lists and dictionaries are used as such', async () => {
  await rejects(() => load(pickle([0x7d, 0x4e, OP.APPEND])), /not a list/);
  await rejects(() => load(pickle([OP.EMPTY_TUPLE, 0x4e, OP.APPEND])), /not a list/);
  await rejects(() => load(pickle([0x5d, 0x4e, 0x4e, OP.SETITEM])), /not a dictionary/);
  await rejects(() => load(pickle([0x7d, MARK, 0x4e, OP.SETITEMS])), /not a dictionary/);
  await rejects(() => load(pickle(dict([[list(), NONE]]))), /neither a string nor an integer/);
  await rejects(
    () =>
      load(
        pickle(
          dict([
            [text('a'), NONE],
            [text('a'), NONE],
          ]),
        ),
      ),
    /the key "a" twice/,
  );
});

test('an integer of more than 256 bits is none of weights', async () => {
  const long = (bytes: number) => load(pickle([OP.LONG1, bytes, ...Array<number>(bytes).fill(1)]));
  assert.is(typeof (await long(32)), 'bigint');
  await rejects(() => long(33), /an integer has more than 32 bytes/);
});

test('keys are names, and integers by which parameters are counted', async () => {
  const keyed = (...keys: readonly (readonly number[])[]) =>
    load(pickle(dict(keys.map((key) => [key, NONE]))));
  const float = [OP.BINFLOAT, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0];
  // Equal in their low 64 bits, by which V8 tells bigints apart.
  const beyond = [OP.LONG1, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1];
  for (const key of [NONE, [0x88], float, beyond])
    await rejects(() => keyed(key), /neither a string nor an integer of 53 bits/);
  const address = (i: number) => [OP.LONG1, 7, ...little(2 ** 47 + i, 7)];
  const many = (count: number) => keyed(...Array.from({ length: count }, (_, i) => address(i)));
  assert.is(((await many(10_000)) as Map<number, null>).size, 10_000);
  await rejects(() => many(10_001), /dictionaries have more than 10000 keys that are large integers/);
  // Negative ones.
  await rejects(
    () => keyed(...Array.from({ length: 10_001 }, (_, i) => [OP.BININT, ...little(2 ** 32 - 1 - i, 4)])),
    /large integers/,
  );
});

test('text must be UTF-8', async () => {
  await rejects(() => load(pickle([OP.BINUNICODE, 1, 0, 0, 0, 0xff])), /not UTF-8/);
  await rejects(() => load(pickle([OP.SHORT_BINSTRING, 1, 0xff])), /not UTF-8/);
});

test('every truncation is refused', async () => {
  const bytes = pickle(
    dict([
      [text('weight'), tensor()],
      [text('long'), [OP.LONG1, 3, 1, 2, 3]],
    ]),
  );
  for (let length = 0; length < bytes.length; length++) {
    await rejects(() => torch(bytes.slice(0, length)), /ends early/);
  }
  await rejects(() => load(pickle([OP.BINUNICODE, 255, 255, 255, 255])), /ends early/);
});

test('a million levels of nesting, and endless building, stop at a limit', async () => {
  const nested = new Uint8Array(1e6).fill(OP.TUPLE1);
  await rejects(() => load(concat([0x80, 2, 0x4e], nested, [0x2e])), /builds more than 250000 objects/);
  await rejects(() => load(concat([0x80, 2], new Uint8Array(1e6).fill(MARK))), /ends early/);
  for (const opcode of [OP.EMPTY_DICT, OP.EMPTY_LIST, OP.EMPTY_TUPLE]) {
    await rejects(() => load(new Uint8Array(1e6).fill(opcode)), /builds more than 250000 objects/);
  }
  await rejects(() => load(new Uint8Array(3e6).fill(OP.NONE)), /more than 2000000 opcodes/);
  const deep = await load(concat([0x80, 2, 0x4e], nested.subarray(0, 200_000), [0x2e]));
  assert.instance(deep, PickleTuple);
});

test('a tensor is described', async () => {
  const value = (await torch(
    pickle(tensor({ key: '7', length: 20, offset: 2, shape: [2, 3], strides: [1, 4] })),
  )) as TorchTensor;
  assert.instance(value, TorchTensor);
  assert.equal([value.storage.key, value.storage.dtype, value.storage.length], ['7', 'F32', 20]);
  assert.equal([value.offset, value.shape, value.strides], [2, [2, 3], [1, 4]]);
});

test('a view of a storage moves the tensor', async () => {
  const view = tuple(text('v'), int(5), int(4));
  const value = (await torch(pickle(tensor({ length: 20, offset: 1, shape: [3], view })))) as TorchTensor;
  assert.is(value.offset, 6);
});

test('a tensor that leaves its storage or its view', async () => {
  const outside = /is not inside its storage of 2 elements/;
  const big = Number.MAX_SAFE_INTEGER;
  await rejects(() => torch(pickle(tensor({ shape: [3] }))), outside);
  await rejects(() => torch(pickle(tensor({ offset: 1 }))), outside);
  await rejects(() => torch(pickle(tensor({ strides: [2] }))), outside);
  await rejects(() => torch(pickle(tensor({ offset: 3, shape: [0] }))), outside);
  await rejects(() => torch(pickle(tensor({ offset: big }))), outside);
  await rejects(() => torch(pickle(tensor({ shape: [big, big], strides: [0, 0] }))), outside);
  await rejects(() => torch(pickle(tensor({ shape: [3, 3], strides: [big, big] }))), outside);
  const view = (start: number, length: number) => tuple(text('v'), int(start), int(length));
  await rejects(() => torch(pickle(tensor({ view: view(1, 2) }))), /a view of storage "0" is not inside it/);
  await rejects(() => torch(pickle(tensor({ view: view(1, 1) }))), /storage of 1 elements/);
});

test('a tensor that is described with something else', async () => {
  const wrong = /not described by storage, offset, size and stride|does not describe a storage/;
  await rejects(() => torch(pickle(tensor({ shape: [-1] }))), wrong);
  await rejects(() => torch(pickle(tensor({ strides: [-1] }))), wrong);
  await rejects(() => torch(pickle(tensor({ offset: -1 }))), wrong);
  await rejects(() => torch(pickle(tensor({ shape: [2n ** 64n - 2n] }))), wrong);
  await rejects(() => torch(pickle(tensor({ strides: [] }))), wrong);
  await rejects(() => torch(pickle(tensor({ shape: Array(65).fill(1), strides: Array(65).fill(1) }))), wrong);
  await rejects(() => torch(pickle(tensor({ type: 'float32' }))), wrong);
  await rejects(() => torch(pickle(tensor({ length: -2 }))), wrong);
  await rejects(() => torch(pickle(tensor({ length: 2n ** 60n }))), wrong);
  await rejects(() => torch(pickle(tensor({ length: Number.MAX_SAFE_INTEGER }))), /too large/);
  const module = tuple(text('module'), named('torch', 'FloatStorage'), text('0'), text('cpu'), int(2));
  await rejects(() => torch(pickle([...module, OP.BINPERSID])), wrong);
  await rejects(() => torch(pickle([...text('storage'), OP.BINPERSID])), wrong);
  const rebuild = named('torch._utils', '_rebuild_tensor_v2');
  await rejects(() => torch(pickle([...rebuild, ...tuple(), OP.REDUCE])), wrong);
  await rejects(
    () => torch(pickle(list(tensor(), tensor({ length: 3 })))),
    /storage "0" is described in two ways/,
  );
  await rejects(() => torch(pickle(list(tensor(), tensor({ type: 'IntStorage' })))), /in two ways/);
});

test('parameters, sizes and ordered dictionaries', async () => {
  const call = (module: string, name: string, ...args: number[][]) => [
    ...named(module, name),
    ...tuple(...args),
    OP.REDUCE,
  ];
  const parameter = call('torch._utils', '_rebuild_parameter', [...tensor()], [0x88], [0x7d]);
  assert.instance(await torch(pickle(parameter)), TorchTensor);
  const size = (await torch(pickle(call('torch', 'Size', [...tuple(int(3))])))) as PickleTuple;
  assert.equal(size.items, [3]);
  const pairs = list(list(text('a'), int(1)), tuple(text('b'), int(2)));
  assert.equal(
    await torch(pickle(call('collections', 'OrderedDict', [...pairs]))),
    new Map([
      ['a', 1],
      ['b', 2],
    ]),
  );

  const ordered = (...args: number[][]) => torch(pickle(call('collections', 'OrderedDict', ...args)));
  await rejects(
    () => ordered([...list(list(text('a'), int(1)), list(text('a'), int(1)))]),
    /different names/,
  );
  await rejects(() => ordered([...list(text('ab'))]), /different names/);
  await rejects(() => ordered([...text('ab')]), /something else than pairs/);
  await rejects(() => ordered([...list()], [...list()]), /something else than pairs/);
  await rejects(
    () => torch(pickle(call('torch._utils', '_rebuild_parameter', [0x4e]))),
    /something else than a tensor/,
  );
  await rejects(() => torch(pickle(call('torch', 'Size', [...list()]))), /not made of a tuple/);
});

test('a list that many dictionaries are made of counts for each of them', async () => {
  const ordered = [...named('collections', 'OrderedDict'), OP.BINPUT, 0];
  const pairs = Array.from({ length: 1_000 }, (_, i) => [...text(String(i)), 0x4e, OP.TUPLE2]);
  const listed = [...list(...pairs), OP.BINPUT, 1];
  const made = [OP.BINGET, 0, OP.BINGET, 1, OP.TUPLE1, OP.REDUCE, OP.BUILD];
  const bytes = (times: number) =>
    concat([0x80, 2], ordered, listed, [OP.TUPLE2, 0x7d], ...Array(times).fill(made), [OP.TUPLE2, 0x2e]);
  assert.instance(await torch(bytes(200)), PickleTuple);
  await rejects(() => torch(bytes(300)), /builds more than 250000 objects/);
});

test('a pickle may begin anywhere and says where it ends', async () => {
  const bytes = concat([1, 2, 3], pickle(int(5)), [9]);
  assert.equal(await unpickle(bytes, 3, bareHost, 'p', new Pauses()), { value: 5, end: bytes.length - 1 });
  assert.is(await load(pickle([OP.BININT, ...little(2 ** 31 - 1, 4)])), 2 ** 31 - 1);
});

test.run();
