import { sleep } from '@quorate/core';
import { describe, expect, test } from 'vitest';
import { type FaultOptions, type RunResult, simulate } from '../../src/index.ts';
import { scenario } from '../engine/small-scenario.ts';

/** What became of numbered messages from n1 to n2, over some seeds. */
async function deliveries(faults: FaultOptions, seeds: number) {
  const runs: { readonly sent: number; readonly got: readonly number[]; readonly result: RunResult }[] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    let sent = 0;
    const got: number[] = [];
    const result = await simulate(
      scenario({
        nodes: ['n1', 'n2'],
        faults,
        safetyMs: 5_000,
        async node(env) {
          await env.transport.start({
            onMessage(_from, message) {
              expect(message.length).toBe(4);
              got.push(new DataView(message.buffer, message.byteOffset).getUint32(0));
            },
          });
          if (env.self === 'n2') return;
          await sleep(env.clock, 100);
          for (sent = 0; sent < 400; sent++) {
            const message = new Uint8Array(4);
            new DataView(message.buffer).setUint32(0, sent);
            expect(env.transport.send(env.nodes[1] as never, message)).toBe('sent');
            await sleep(env.clock, 10);
          }
        },
      }),
      { seed, record: true },
    );
    expect(result.verdict, String(result.error)).toBe('ok');
    runs.push({ sent, got, result });
  }
  return runs;
}

const ascending = (numbers: readonly number[]): boolean =>
  numbers.every((number, index) => index === 0 || number > (numbers[index - 1] as number));

describe('a network of datagrams', () => {
  test('delivers everything once, in order and unchanged where no fault strikes', async () => {
    for (const { sent, got } of await deliveries({ network: { mode: 'datagram', clogs: true } }, 10)) {
      expect(got.length).toBe(sent);
      expect(ascending(got)).toBe(true);
    }
  });

  test('loses messages, and nothing else, by loss', async () => {
    const runs = await deliveries({ network: { mode: 'datagram', loss: true } }, 20);
    expect(runs.some(({ sent, got }) => got.length < sent)).toBe(true);
    expect(runs.some(({ sent, got }) => got.length === sent)).toBe(true);
    for (const { got, result } of runs) {
      expect(ascending(got)).toBe(true);
      const drops = result.trace?.filter(({ detail }) => detail.type === 'drop') ?? [];
      expect(400 - got.length).toBe(drops.length);
    }
  });

  test('repeats messages, and nothing else, by duplication', async () => {
    const runs = await deliveries({ network: { mode: 'datagram', duplication: true } }, 20);
    expect(runs.some(({ sent, got }) => got.length > sent)).toBe(true);
    for (const { sent, got } of runs) expect(new Set(got).size).toBe(sent);
  });

  test('lets messages overtake each other by reordering', async () => {
    const runs = await deliveries({ network: { mode: 'datagram', reordering: true } }, 20);
    expect(runs.some(({ got }) => !ascending(got))).toBe(true);
    for (const { sent, got } of runs) expect(got.length).toBe(sent);
  });

  test('changes messages by corruption, and says so in the trace', async () => {
    const runs = await deliveries({ network: { mode: 'datagram', corruption: true } }, 20);
    expect(runs.some(({ result }) => result.swarm?.includes('corruption'))).toBe(true);
    for (const { got, result } of runs) {
      const corrupted = result.trace?.filter(
        ({ detail }) => detail.type === 'deliver' && detail.corrupted === true,
      );
      expect(got.filter((number, index) => number !== index).length).toBe(corrupted?.length);
    }
  });

  test('drops what a partition is in the way of, and only then', async () => {
    const runs = await deliveries({ network: { mode: 'datagram', partitions: true } }, 20);
    expect(runs.some(({ sent, got }) => got.length < sent)).toBe(true);
    for (const { result } of runs) {
      for (const { detail } of result.trace ?? []) {
        if (detail.type === 'drop') expect(detail.why).toBe('partition');
      }
    }
  });

  test('a single loss can be taken away: that message comes, and nothing else changes', async () => {
    const faults: FaultOptions = { network: { mode: 'datagram', loss: true } };
    const run = (await deliveries(faults, 20)).find(({ sent, got }) => got.length < sent - 1);
    const name = run?.result.removable?.find(removable => removable.startsWith('net/loss/n1>n2#'));
    expect(name).toBeDefined();
    const missing = Number(name?.split('#')[1]);
    expect(run?.got).not.toContain(missing);
    const numbers = async (without: readonly string[]) => {
      const got: number[] = [];
      await simulate(
        scenario({
          nodes: ['n1', 'n2'],
          faults,
          safetyMs: 5_000,
          async node(env) {
            await env.transport.start({
              onMessage: (_from, message) =>
                void got.push(new DataView(message.buffer, message.byteOffset).getUint32(0)),
            });
            if (env.self === 'n2') return;
            await sleep(env.clock, 100);
            for (let sent = 0; sent < 400; sent++) {
              const message = new Uint8Array(4);
              new DataView(message.buffer).setUint32(0, sent);
              env.transport.send(env.nodes[1] as never, message);
              await sleep(env.clock, 10);
            }
          },
        }),
        { seed: run?.result.seed ?? 0, without },
      );
      return got;
    };
    const whole = await numbers([]);
    expect(whole).toEqual(run?.got);
    expect(await numbers([name as string])).toEqual(
      [...whole, missing].toSorted((one, other) => one - other),
    );
  });
});

test("a message is its receiver's during the call only", async () => {
  const kept: Uint8Array[] = [];
  await simulate(
    scenario({
      nodes: ['n1', 'n2'],
      async node(env) {
        await env.transport.start({ onMessage: (_from, message) => void kept.push(message) });
        if (env.self === 'n2') return;
        await sleep(env.clock, 600);
        const bytes = new Uint8Array([7]);
        env.transport.send(env.nodes[1] as never, bytes);
        bytes[0] = 9;
      },
    }),
    { seed: 1 },
  );
  expect(kept).toHaveLength(1);
  // Neither what was sent nor what the sender wrote over it later.
  expect(kept[0]?.[0]).toBe(255 - 7);
});
