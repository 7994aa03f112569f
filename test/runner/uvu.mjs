/**
 * uvu, watched: the same `test` and `suite`, but the runner hears when each test starts and ends.
 *
 * It also closes two gaps of uvu itself: an error in a `before` hook would be swallowed, and a
 * thrown value that is no Error would hide its own message. Both become ordinary failures here.
 */
import { inspect } from 'node:util';
import { suite as uvuSuite } from 'uvu';
import { send } from './messages.mjs';

/** What uvu itself does not keep; the test process resets it before each file. */
export const watch = { registered: 0, hookErrors: [] };

/** As uvu's `suite`; and it itself where no runner listens, as in `node build/test/nearest.test.js`. */
export function suite(name = '', state = {}) {
  const inner = uvuSuite(name, state);
  if (!globalThis.UVU_DEFER) return inner;
  const titled = (title) => (name === '' ? title : `${name}: ${title}`);

  const add = (register) => (title, handler) => {
    watch.registered++;
    register(title, watchedTest(titled(title), handler));
  };
  const outer = add(inner);
  outer.only = add(inner.only);
  outer.skip = (title, handler) => {
    watch.registered++;
    inner.skip(title, handler);
  };
  outer.before = watchedHooks(inner.before, titled('before'));
  outer.after = watchedHooks(inner.after, titled('after'));
  outer.run = inner.run;
  return outer;
}

/** As uvu's `test`: the suite without a name. */
export const test = suite();

function watchedTest(title, handler) {
  return async (state) => {
    send({ type: 'start', name: title });
    try {
      await handler(state);
    } catch (thrown) {
      const error = asError(thrown);
      send({ type: 'end', name: title, passed: false, problem: String(error) });
      throw error;
    }
    send({ type: 'end', name: title, passed: true });
  };
}

/** `before(hook)` and `before.each(hook)`, or the same of `after`. */
function watchedHooks(inner, title) {
  const add = (register, label) => (hook) =>
    register(async (state) => {
      try {
        await hook(state);
      } catch (thrown) {
        const error = asError(thrown);
        watch.hookErrors.push(`hook "${label}" failed: ${error.stack}`);
        throw error;
      }
    });
  const outer = add(inner, title);
  outer.each = add(inner.each, `${title} each`);
  return outer;
}

function asError(thrown) {
  return thrown instanceof Error ? thrown : new Error(`threw ${inspect(thrown)}`);
}
