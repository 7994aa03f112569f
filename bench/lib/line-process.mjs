/** A process that is asked questions, a line of JSON each, and answers each with another. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export class LineProcess {
  #name;
  #process;
  #answers;
  /** What it printed on standard error: drivers warn there; it is shown when something fails. */
  #errors = '';

  /** Starts `command` with `words`; `name` is what it is called when it fails. */
  constructor(name, command, words) {
    this.#name = name;
    this.#process = spawn(command, words, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#process.on('error', (error) => {
      this.#errors += error.message;
    });
    this.#process.stdin.on('error', () => {}); // it has ended: the next answer says so
    this.#process.stderr.setEncoding('utf8').on('data', (text) => {
      this.#errors += text;
    });
    this.#answers = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  ask(question) {
    this.#process.stdin.write(`${JSON.stringify(question)}\n`);
    return this.answer();
  }

  /** Its next line: for what it says without being asked. Throws when it ends instead. */
  async answer() {
    const { value, done } = await this.#answers.next();
    if (done) throw new Error(`${this.#name}'s process ended\n${this.#errors}`.trim());
    return JSON.parse(value);
  }

  close() {
    this.#process.kill('SIGKILL');
  }
}
