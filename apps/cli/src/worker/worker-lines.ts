import { errorCode } from '@quorate/core';
import type { CommandIo } from '../command-io.ts';
import { paintFor, type Style } from '../output/paint.ts';
import { printable } from '../output/printable.ts';
import type { TaskEvent } from './application.ts';

/** Tells what happens to tasks, a line for each that ended or goes on: on stdout, for a person or as JSON. */
export class WorkerLines {
  readonly counts = { succeeded: 0, failed: 0, cancelled: 0 };
  readonly #io: CommandIo;
  readonly #isJson: boolean;
  readonly #startedMs = new Map<string, number>();
  readonly #styles: Readonly<Record<string, Style>>;

  constructor(io: CommandIo, isJson: boolean) {
    const { green, red, yellow, dim } = paintFor(io.stdout, io.environment);
    this.#io = io;
    this.#isJson = isJson;
    this.#styles = { succeeded: green, failed: red, retried: yellow, cancelled: yellow, 'put-off': dim };
  }

  tell(application: string, event: TaskEvent): void {
    const { clock, stdout } = this.#io;
    const { type, task, id, attempt, error } = event;
    const key = `${application}/${id}`;
    if (type === 'started') this.#startedMs.set(key, clock.monotonicMs());
    const startedMs = this.#startedMs.get(key);
    const tookMs =
      startedMs === undefined || type === 'started' ? undefined : clock.monotonicMs() - startedMs;
    if (type !== 'started') this.#startedMs.delete(key);
    if (Object.hasOwn(this.counts, type)) this.counts[type as keyof typeof this.counts]++;
    const at = new Date(clock.wallMs()).toISOString();
    if (this.#isJson) {
      const failure = error === undefined ? {} : { error: textOf(error), code: codeOf(error) };
      stdout.write(`${JSON.stringify({ at, application, type, task, id, attempt, tookMs, ...failure })}\n`);
      return;
    }
    if (type === 'started') return;
    const style = this.#styles[type] ?? ((text: string) => text);
    const took = tookMs === undefined ? '' : ` in ${Math.round(tookMs)} ms`;
    const tries = attempt > 1 ? `, attempt ${attempt}` : '';
    const why = error === undefined ? '' : `: ${textOf(error)}`;
    const subject = printable(`${application}: ${task} ${id}`);
    stdout.write(`${at} ${subject} ${style(type)}${took}${tries}${printable(why)}\n`);
  }
}

/** What was thrown, in a line. It never throws, whatever it is: a task that it cannot be told of would be tried again for ever. */
export function textOf(thrown: unknown): string {
  try {
    if (!(thrown instanceof Error)) return String(thrown);
    const code = errorCode(thrown);
    return code === undefined ? `${thrown.name}: ${thrown.message}` : `${code}: ${thrown.message}`;
  } catch {
    return `a ${typeof thrown} that has no text`;
  }
}

function codeOf(thrown: unknown): string | undefined {
  try {
    return errorCode(thrown);
  } catch {
    return undefined; // A getter of its own.
  }
}
