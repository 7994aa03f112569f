/** Progress: plain lines where there is no terminal, one line that redraws itself where there is one. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { barLine, createProgress, type ProgressState } from '#src/cli/progress';
import { displayWidth } from '#src/text';
import { recordedOutput } from './support.js';

function state(done: number, changes: Partial<ProgressState> = {}): ProgressState {
  return { type: 'progress', task: 'features', done, total: 400, secondsLeft: null, ...changes };
}

test('without a terminal: the first, one every ten seconds, the last', () => {
  const { output, stderr } = recordedOutput();
  let now = 0;
  const progress = createProgress(output, () => now);
  for (let done = 0; done <= 400; done++) {
    progress.update(state(done, { secondsLeft: (400 - done) / 20 }));
    now += 50;
  }
  progress.update(state(1, { task: 'head', total: null, detail: 'loss 0.5' }));
  progress.update(state(2, { task: 'head', total: null, detail: 'loss 0.4' }));
  progress.note('a note');
  progress.finish();
  assert.equal(stderr.text.split('\n'), [
    'features: 0 %, 0 of 400, 20 s left',
    'features: 50 %, 200 of 400, 10 s left',
    'features: 100 %, 400 of 400',
    'head: 1, loss 0.5',
    'a note',
    'head: 2, loss 0.4',
    '',
  ]);
});

test('bytes are written as sizes', () => {
  const { output, stderr } = recordedOutput();
  createProgress(output).update(
    state(42_100_000, {
      task: 'downloading',
      total: 103_000_000,
      unit: 'bytes',
      detail: '3.1 MB/s',
      secondsLeft: 20,
    }),
  );
  assert.is(stderr.text, 'downloading: 40 %, 42.1 MB of 103 MB, 3.1 MB/s, 20 s left\n');
});

const ESCAPE = '\u001b';
const TO_COLUMN_1 = `${ESCAPE}[1G`;
const SEQUENCE = new RegExp(`${ESCAPE}(?:\\[[0-9;?]*[A-Za-z]|[78])`, 'g');

/** The lines that a terminal shows in the end: what is drawn anew begins in column 1. */
function screen(text: string): string[] {
  const drawn = text.split('\n').map((line) => line.split(TO_COLUMN_1).at(-1) ?? '');
  return drawn.map((line) => line.replace(SEQUENCE, '')).filter((line) => line !== '');
}

test('in a terminal: finished tasks stay, notes stand above the bar, nothing is left to restore', () => {
  const { output, stderr } = recordedOutput({ isTTY: true, columns: 60 });
  const progress = createProgress(output);
  progress.update(state(0));
  progress.update(state(200, { secondsLeft: 10 }));
  progress.note('a note');
  progress.update(state(400));
  progress.update(state(3, { task: 'head', total: null }));
  progress.finish();
  const bar = '█'.repeat(30);
  assert.equal(screen(stderr.text), ['a note', `features  ${bar}  100 %  400 of 400`, 'head         3']);
  const sequences = new Set(stderr.text.match(SEQUENCE));
  for (const hidden of ['?25l', '?7l']) assert.not.ok(sequences.has(`${ESCAPE}[${hidden}`), hidden);
});

test('a concluding line takes the place of its task', () => {
  const terminal = recordedOutput({ isTTY: true, columns: 60 });
  const log = recordedOutput();
  for (const { output } of [terminal, log]) {
    const progress = createProgress(output);
    progress.update(state(0, { task: 'epoch 1/2' }));
    progress.update(state(390, { task: 'epoch 1/2' }));
    progress.conclude('epoch 1: done');
    progress.update(state(1, { task: 'epoch 2/2' }));
    progress.finish();
  }
  const [first, second, ...rest] = screen(terminal.stderr.text);
  assert.is(first, 'epoch 1: done');
  assert.match(second ?? '', /^epoch 2\/2 .* 1 of 400$/);
  assert.equal(rest, []);
  assert.equal(log.stderr.text.trimEnd().split('\n'), [
    'epoch 1/2: 0 %, 0 of 400',
    'epoch 1: done',
    'epoch 2/2: 0 %, 1 of 400',
  ]);
});

test('a bar never fills its line, whatever it says', () => {
  const long = state(12, { task: 'preparing images', detail: `loss ${'9'.repeat(100)}`, secondsLeft: 7_000 });
  for (const columns of [20, 40, 60, 80, 200]) {
    assert.ok(displayWidth(barLine(long, columns)) < columns, `${columns} columns`);
    assert.ok(displayWidth(barLine(state(7, { total: 0 }), columns)) < columns);
  }
  assert.match(barLine(state(100), 80), /^features {2}█{7}░{23} {3}25 % {2}100 of 400$/);
});

test('80 columns have the bar and the time left, narrower ones the time left', () => {
  const epoch = state(180, {
    task: 'epoch 12/30',
    detail: 'loss 0.3134, accuracy 93.1 %, rate 0.000931, 61.2 samples/s',
    secondsLeft: 7_500,
  });
  const evaluating = state(180, { task: 'evaluating for the report', secondsLeft: 200 });
  for (const one of [epoch, evaluating]) {
    assert.match(barLine(one, 80), /^[^…]*█+░+ +45 % .* left$/);
    assert.match(barLine(one, 60), /^[^…]*█+░+ +45 % .* left$/);
    assert.match(barLine(one, 40), /^[^…]* 45 % .*$/);
  }
  assert.is(barLine(epoch, 40), 'epoch 12/30   45 %  2 h 5 min left');
  assert.match(barLine(epoch, 100), /180 of 400, loss 0\.3134, accuracy 93\.1 %, 2 h 5 min left$/);
});

test('a terminal that does not know its width is taken for one of 80 columns', () => {
  const { output, stderr } = recordedOutput({ isTTY: true, columns: 0 });
  output.note('a note of a few words');
  const progress = createProgress(output);
  progress.update(state(200, { secondsLeft: 10 }));
  progress.finish();
  assert.equal(screen(stderr.text)[0], 'a note of a few words');
  assert.match(screen(stderr.text)[1] ?? '', /█░+ {3}50 % {2}200 of 400, 10 s left$/);
  assert.is(output.columns, 80);
});
test.run();
