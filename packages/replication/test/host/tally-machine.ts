import type { Committed, LogIndex, StateMachine, StateSnapshot } from '@quorate/core';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The bytes of a text. */
export function bytes(text: string): Uint8Array {
  return encoder.encode(text);
}

/** The text of bytes. */
export function text(value: Uint8Array | undefined): string {
  return decoder.decode(value);
}

/** Counts: `add KEY NUMBER` adds and answers the total, a query names a key. Each command leaves its mark, so twice is seen. */
export class TallyMachine implements StateMachine {
  totals = new Map<string, number>();
  appliedIndex = 0 as LogIndex;
  leaderTimes: number[] = [];
  failing = false;

  apply(commands: readonly Committed[]): readonly Uint8Array[] {
    if (this.failing) throw new Error('The machine is broken');
    return commands.map(({ index, command, leaderTimeMs }) => {
      if (index <= this.appliedIndex) throw new Error(`Command ${index} was applied before`);
      this.appliedIndex = index;
      this.leaderTimes.push(leaderTimeMs);
      const [, key = '', by = '0'] = text(command).split(' ');
      const total = (this.totals.get(key) ?? 0) + Number(by);
      this.totals.set(key, total);
      return bytes(String(total));
    });
  }

  query(query: Uint8Array): Uint8Array {
    return bytes(String(this.totals.get(text(query)) ?? 0));
  }

  snapshot(): StateSnapshot {
    const frozen = JSON.stringify([...this.totals]);
    const index = this.appliedIndex;
    return {
      index,
      async *chunks() {
        for (let at = 0; at < frozen.length; at += 100) yield bytes(frozen.slice(at, at + 100));
      },
      async [Symbol.asyncDispose]() {},
    };
  }

  async restore(index: LogIndex, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    let whole = '';
    for await (const chunk of chunks) whole += text(chunk);
    this.totals = new Map(JSON.parse(whole) as [string, number][]);
    this.appliedIndex = index;
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
