import { expect, it, vi } from 'vitest';
import { portEcho, streamEcho } from '../src/kernels/queue-threads/echo.ts';
import { flow } from '../src/kernels/queue-threads/flow.ts';
import type { FlowKind } from '../src/kernels/queue-threads/flow-task.ts';
import type { Context, Kernel } from '../src/suite.ts';

// Worker threads load their modules anew, and a busy machine takes its time.
vi.setConfig({ testTimeout: 60_000 });

const context = {} as Context;

it.each<[FlowKind, number, number]>([
  ['stream', 1, 1],
  ['stream, batches', 1, 1],
  ['queue', 1, 1],
  ['queue', 2, 2],
  ['port', 1, 1],
  ['port', 2, 2],
  ['port, packed', 2, 2],
])('%s, %i to %i: every word of every message arrives, in each round', async (kind, producers, consumers) => {
  const messages = 2560;
  const kernel = (await flow({ kind, producers, consumers, messages })(context)) as Kernel;
  try {
    const each = messages / producers;
    const expected = producers * (16 * ((each * (each - 1)) / 2) + each * 120);
    expect([await kernel.run(0), await kernel.run(1)]).toEqual([expected | 0, expected | 0]);
  } finally {
    await kernel.close?.();
  }
});

it.each(['stream', 'stream, batches', 'port', 'port, packed'] as const)(
  '%s, diamond: each of three stages reads every word of every message',
  async kind => {
    const messages = 2560;
    const kernel = (await flow({ kind, topology: 'diamond', messages })(context)) as Kernel;
    try {
      const expected = 3 * (16 * ((messages * (messages - 1)) / 2) + messages * 120);
      expect([await kernel.run(0), await kernel.run(1)]).toEqual([expected | 0, expected | 0]);
    } finally {
      await kernel.close?.();
    }
  },
);

it.each([
  ['a stream that parks', streamEcho(0)],
  ['a stream that spins', streamEcho(1000)],
  ['a port', portEcho],
])('%s brings back what it is given', async (_, open) => {
  const kernel = open();
  try {
    expect(await kernel.run(0)).toBe((kernel.ops * (kernel.ops + 1)) / 2);
    expect(await kernel.call?.(7)).toBe(7);
  } finally {
    await kernel.close?.();
  }
});
