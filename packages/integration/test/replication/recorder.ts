import { errorCode, type QuorateError } from '@quorate/core';
import {
  type Model,
  type Operation,
  register,
  type RegisterInput,
  type RegisterOutput,
  type Scalar,
} from '@quorate/sim';

/** What clients do with a key. */
export type KeyInput = RegisterInput & { readonly key: string };

const registers = register();

/** Registers by key. */
export const registersByKey: Model<Scalar, KeyInput, RegisterOutput> = {
  ...registers,
  name: 'registers-by-key',
  partition: ({ key }) => key,
  describe: (input, output) => `${registers.describe?.(input, output)} at "${input.key}"`,
};

/**
 * Writes down who was answered what and when, all in one process: a counter that every call and every answer moves on is their
 * order. What certainly did not happen is left out, what may have happened has no end.
 */
export class Recorder {
  readonly history: Operation<KeyInput, RegisterOutput>[] = [];
  /** How often calls ended with which code. */
  readonly codes = new Map<string, number>();
  #time = 0;

  /** @returns what the call came to; undefined where that is not known, or nothing */
  async record<Output extends RegisterOutput>(
    process: string,
    input: KeyInput,
    call: () => Promise<Output>,
  ): Promise<{ readonly output: Output } | { readonly outcome: 'not-applied' | 'unknown' }> {
    const invokedAt = ++this.#time;
    try {
      const output = await call();
      this.history.push({
        process,
        input,
        ...(input.type === 'write' ? {} : { output }),
        invokedAt,
        returnedAt: ++this.#time,
      });
      return { output };
    } catch (thrown) {
      const outcome = this.failed(thrown);
      if (outcome === 'unknown' && input.type !== 'read') this.history.push({ process, input, invokedAt });
      return { outcome };
    }
  }

  /** Counts it. @throws what is no failure of a call */
  failed(thrown: unknown): 'not-applied' | 'unknown' {
    const code = errorCode(thrown);
    if (code === undefined) throw thrown;
    this.codes.set(code, (this.codes.get(code) ?? 0) + 1);
    return (thrown as QuorateError).outcome === 'not-applied' ? 'not-applied' : 'unknown';
  }
}
