import type { Context } from '../suite.ts';

interface Greeting {
  readonly from: number;
  readonly value: unknown;
  /** Whether the sender has heard everybody: it needs nothing any more. */
  readonly complete: boolean;
}

/**
 * Gives every thread of a group what each of them brings, by index. For what threads can only make themselves, where
 * `context.group` will not do. Settles when all have got everything.
 *
 * @param value can be cloned to other threads
 */
export async function exchange<Value>(
  { index, count }: Context['thread'],
  topic: string,
  value: Value,
): Promise<Value[]> {
  const values = new Map<number, Value>([[index, value]]);
  const complete = new Set<number>();
  const channel = new BroadcastChannel(`quorate:bench:${topic}`);
  const greet = (): void => {
    const greeting: Greeting = { from: index, value, complete: values.size === count };
    channel.postMessage(greeting);
  };
  if (count > 1) {
    await new Promise<void>(resolve => {
      channel.addEventListener('message', ({ data }: MessageEvent<Greeting>) => {
        const isNew = !values.has(data.from);
        values.set(data.from, data.value as Value);
        // Whoever came later has not heard this thread yet.
        if (isNew) greet();
        if (data.complete) complete.add(data.from);
        if (complete.size === count - 1 && values.size === count) resolve();
      });
      greet();
    });
  }
  channel.close();
  return Array.from({ length: count }, (_, from) => values.get(from) as Value);
}
