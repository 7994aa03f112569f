/** Event files read back, as far as tests of runs need it. Whether others can read them is in event-files.slow.test.ts. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EVENT_FILE } from '#src/runs/event-log';

/** A value of a step. */
export interface LoggedValue {
  readonly step: number;
  readonly tag: string;
  /** Null for what is no scalar. */
  readonly scalar: number | null;
  /** The message as it is in the file. */
  readonly bytes: Buffer;
}

interface Field {
  readonly number: number;
  readonly value: number;
  readonly bytes: Buffer;
}

/** The event files of a run, in the order in which TensorBoard reads them. */
export function eventFiles(run: string): string[] {
  return readdirSync(run)
    .filter((name) => EVENT_FILE.test(name))
    .sort();
}

/** Every event of a file as a message. */
export function eventsOf(path: string): Field[][] {
  const bytes = readFileSync(path);
  const events: Field[][] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Number(bytes.readBigUInt64LE(at));
    events.push(fieldsOf(bytes.subarray(at + 12, at + 12 + length)));
    at += 12 + length + 4;
  }
  return events;
}

/** All values of a run, whatever number of files they are in. */
export function loggedValues(run: string): LoggedValue[] {
  return eventFiles(run).flatMap((name) =>
    eventsOf(join(run, name)).flatMap((event) => {
      const step = event.find(({ number }) => number === 2)?.value ?? 0;
      const summary = event.find(({ number }) => number === 5);
      return summary === undefined
        ? []
        : fieldsOf(summary.bytes).map(({ bytes }) => loggedValue(step, bytes));
    }),
  );
}

/** The scalars of a tag, by step. */
export function scalarsOf(run: string, tag: string): [step: number, value: number][] {
  return loggedValues(run).flatMap(({ tag: of, step, scalar }) =>
    of === tag && scalar !== null ? [[step, scalar]] : [],
  );
}

/** Values without what clocks tell: to compare runs. */
export function withoutClocks(run: string): string[] {
  return loggedValues(run)
    .filter(({ tag }) => !tag.startsWith('speed/') && !/^_hparams_.session/.test(tag))
    .map(({ step, tag, bytes }) => `${step} ${tag} ${bytes.toString('base64')}`);
}

function loggedValue(step: number, bytes: Buffer): LoggedValue {
  const fields = fieldsOf(bytes);
  const scalar = fields.find(({ number }) => number === 2);
  return {
    step,
    tag: fields.find(({ number }) => number === 1)?.bytes.toString() ?? '',
    scalar: scalar === undefined ? null : scalar.bytes.readFloatLE(),
    bytes,
  };
}

function fieldsOf(bytes: Buffer): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes[at++]!;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const isVarint = key % 8 === 0;
    const value = isVarint ? varint() : 0;
    const length = isVarint ? 0 : key % 8 === 2 ? varint() : key % 8 === 1 ? 8 : 4;
    fields.push({ number: key >> 3, value, bytes: bytes.subarray(at, at + length) });
    at += length;
  }
  return fields;
}
