import { type NodeId, sleep } from '@quorate/core';
import { describe, expect, test } from 'vitest';
import { type NodeEnv, simulate } from '../../src/index.ts';
import { scenario } from '../engine/small-scenario.ts';

/** What one node sees of one peer. */
interface Sight {
  connected: boolean;
  /** Which connection the peer's last message was of, by the sender's count, and its number there. */
  connection: number;
  number: number;
}

/** Every node sends numbered messages to all others, and counts its connections; each checks what it gets. */
function chatter(env: NodeEnv, seen: Set<string>): Promise<void> {
  const sights = new Map<NodeId, Sight>();
  const sent = new Map<NodeId, { connection: number; number: number }>();
  for (const peer of env.nodes) {
    sights.set(peer, { connected: false, connection: 0, number: 0 });
    sent.set(peer, { connection: 0, number: 0 });
  }
  const wrong = (what: string): never => {
    throw new Error(`${env.self} at ${env.clock.monotonicMs()}: ${what}`);
  };
  void env.transport.start({
    onConnect(peer) {
      const sight = sights.get(peer) as Sight;
      if (sight.connected) wrong(`connected twice to ${peer}`);
      sights.set(peer, { connected: true, connection: 0, number: 0 });
      const mine = sent.get(peer) as { connection: number; number: number };
      sent.set(peer, { connection: mine.connection + 1, number: 0 });
      seen.add('connect');
    },
    onDisconnect(peer, cause) {
      const sight = sights.get(peer) as Sight;
      if (!sight.connected) wrong(`disconnected from ${peer}, to which it was not connected`);
      sight.connected = false;
      seen.add(`disconnect: ${(cause as Error).message}`);
    },
    onMessage(from, message) {
      const sight = sights.get(from) as Sight;
      if (!sight.connected) wrong(`message of ${from} without a connection`);
      const view = new DataView(message.buffer, message.byteOffset, message.length);
      const [connection, number] = [view.getUint32(0), view.getUint32(4)];
      if (sight.connection !== 0 && connection !== sight.connection)
        wrong(`message of an earlier connection`);
      if (number !== sight.number + 1) wrong(`message ${number} of ${from} after ${sight.number}`);
      sights.set(from, { connected: true, connection, number });
      seen.add('message');
    },
    onDrain: () => void seen.add('drain'),
  });
  return (async () => {
    for (;;) {
      for (const [peer, mine] of sent) {
        if (peer === env.self) continue;
        const message = new Uint8Array(8 + env.random.below(200));
        const view = new DataView(message.buffer);
        view.setUint32(0, mine.connection);
        view.setUint32(4, mine.number + 1);
        const result = env.transport.send(peer, message);
        if (result === 'sent') mine.number++;
        seen.add(result);
      }
      await sleep(env.clock, 1 + env.random.below(40));
    }
  })();
}

describe('a network of streams', () => {
  test('hands messages over in order and once per connection, whatever strikes', async () => {
    const seen = new Set<string>();
    const talk = scenario({
      nodes: ['n1', 'n2', 'n3'],
      faults: { network: true, process: true },
      safetyMs: 20_000,
      livenessMs: 10_000,
      node: env => chatter(env, seen),
    });
    for (let seed = 1; seed <= 60; seed++) {
      const { verdict, error } = await simulate(talk, { seed });
      expect(verdict, `seed ${seed}: ${String(error)}`).toBe('ok');
    }
    expect([...seen].toSorted()).toEqual([
      'connect',
      'disconnect: Disconnected: crash',
      'disconnect: Disconnected: reset',
      'disconnect: Disconnected: timeout',
      'disconnected',
      'drain',
      'full',
      'message',
      'sent',
    ]);
  });

  test('loses nothing and breaks nothing without faults', async () => {
    const seen = new Set<string>();
    const calm = scenario({ nodes: ['n1', 'n2'], node: env => chatter(env, seen) });
    for (let seed = 1; seed <= 10; seed++) {
      const { trace } = await simulate(calm, { seed, record: true });
      expect(trace?.filter(({ detail }) => detail.type === 'drop')).toEqual([]);
    }
    expect([...seen].toSorted()).toEqual(['connect', 'disconnected', 'message', 'sent']);
  });

  test('has everybody connected again when the faults have ended', async () => {
    const reunion = scenario({
      nodes: ['n1', 'n2', 'n3'],
      clients: 1,
      faults: { network: true, process: true },
      safetyMs: 10_000,
      livenessMs: 12_000,
      node: env =>
        env.transport.start({
          onMessage: (from, message) => void env.transport.send(from, message),
        }),
      async client(env) {
        let answers = 0;
        await env.transport.start({ onMessage: () => void answers++ });
        await new Promise<void>(resolve => env.workload.addEventListener('abort', () => resolve()));
        await sleep(env.clock, 8_000);
        answers = 0;
        for (const node of env.nodes) expect(env.transport.send(node, new Uint8Array(1))).toBe('sent');
        await sleep(env.clock, 2_000);
        expect(answers).toBe(3);
      },
    });
    for (let seed = 1; seed <= 40; seed++) {
      const { verdict, error } = await simulate(reunion, { seed });
      expect(verdict, `seed ${seed}: ${String(error)}`).toBe('ok');
    }
  });

  test('lets a layer above end a connection, and both sides hear of it', async () => {
    const heard: string[] = [];
    const quarrel = scenario({
      nodes: ['n1', 'n2'],
      node(env) {
        void env.transport.start({
          onMessage() {},
          onConnect(peer) {
            heard.push(`${env.self} connected`);
            if (env.self !== 'n1' || heard.length > 4) return;
            env.transport.disconnect?.(peer, new Error('bad frame'));
            heard.push('asked');
          },
          onDisconnect: () => void heard.push(`${env.self} disconnected`),
        });
      },
    });
    expect((await simulate(quarrel, { seed: 1 })).verdict).toBe('ok');
    expect(heard.indexOf('asked')).toBeLessThan(heard.indexOf('n1 disconnected'));
    expect(heard.filter(line => line === 'n2 disconnected').length).toBeGreaterThan(0);
    expect(heard.slice(-2).toSorted()).toEqual(['n1 connected', 'n2 connected']);
  });
});
