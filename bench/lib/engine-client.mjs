/** The benchmark's side of engine-process.mjs: one object for each engine. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('engine-process.mjs', import.meta.url));

export class EngineClient {
  #process;
  /** What the engine printed on standard error: drivers warn there; it is shown when something fails. */
  #warnings = '';
  name;
  adapter;
  setting;

  /** Starts a process and opens an engine in it; `options` as in engine-process.mjs. */
  static async open(options) {
    const client = new EngineClient();
    client.#process = fork(PROGRAM, [], {
      serialization: 'advanced', // sends a Float32Array as it is
      execArgv: ['--expose-gc'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    client.#process.stderr.setEncoding('utf8').on('data', (text) => {
      client.#warnings += text;
    });
    try {
      return Object.assign(client, await client.#ask('open', options));
    } catch (error) {
      client.close();
      throw error;
    }
  }

  /**
   * One inference or training step: { milliseconds, cpuMilliseconds, values, counters, peakBytes, residentBytes }, the
   * last three where the engine has them; `values` are the logits, or the loss alone. `cpuMilliseconds` is the work of all of the process's threads, whatever else the machine does.
   */
  run() {
    return this.#ask('run');
  }

  /** Every launch of the program that ran last, with its time. */
  profile() {
    return this.#ask('profile');
  }

  close() {
    this.#process.kill('SIGKILL');
  }

  #ask(question, options) {
    return new Promise((resolve, reject) => {
      const child = this.#process;
      const settle = (action, value) => {
        child.off('message', onMessage);
        child.off('exit', onExit);
        action(value);
      };
      const fail = (reason) => settle(reject, new Error(`${reason}\n${this.#warnings}`.trim()));
      const onMessage = ({ answer, error }) => (error === undefined ? settle(resolve, answer) : fail(error));
      const onExit = (code, signal) => fail(`an engine's process ended with ${signal ?? code}`);
      child.on('message', onMessage);
      child.on('exit', onExit);
      child.send({ question, options });
    });
  }
}
