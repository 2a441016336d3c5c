import { getEventListeners } from 'node:events';
import { ManualClock, nodeId, revision, seededRandom, type Store } from '@quorate/core';
import { describe, expect, test } from 'vitest';
import {
  connectStore,
  createMemoryStore,
  type MemoryStore,
  serveStore,
  type StoreServer,
} from '../src/index.ts';
import { frameKinds, framesOf } from '../src/remote/frame.ts';
import { RemoteLink } from '../src/remote/remote-link.ts';
import { encodeValue } from '../src/remote/value-codec.ts';
import { Hub, type HubTransport } from './hub.ts';

const absent = { absent: true } as const;
const server = nodeId('server');
const client = nodeId('client');
const bytes = (length: number): Uint8Array => new Uint8Array(length).fill(7);

/** A served memory and one client, on a clock that is moved by hand. */
class Stand {
  readonly clock = new ManualClock();
  readonly hub = new Hub(this.clock);
  readonly memory = createMemoryStore({ clock: this.clock, random: seededRandom('memory') });
  readonly serverTransport: HubTransport = this.hub.transport(server);
  readonly clientTransport: HubTransport = this.hub.transport(client);
  serving!: StoreServer;
  store!: Store;

  static async open(options: Parameters<typeof serveStore>[2] = {}): Promise<Stand> {
    const stand = new Stand();
    stand.serving = await serveStore(stand.memory, stand.serverTransport, options);
    stand.store = await stand.do(
      connectStore(stand.clientTransport, server, {
        clock: stand.clock,
        random: seededRandom('client'),
        patienceMs: 500,
        holdMs: 1000,
      }),
    );
    return stand;
  }

  /** Moves time until a call settles. */
  async do<Result>(call: PromiseLike<Result>): Promise<Result> {
    const progress = { isSettled: false };
    const settled = Promise.resolve(call).finally(() => {
      progress.isSettled = true;
    });
    settled.catch(() => {});
    for (let count = 0; !progress.isSettled && count < 20_000; count++) await this.turn();
    if (!progress.isSettled) throw new Error('The call never settled');
    return settled;
  }

  async turn(advanceMs = 1): Promise<void> {
    await new Promise(resolve => setImmediate(resolve));
    this.clock.advance(advanceMs);
  }

  async turns(count: number): Promise<void> {
    for (let turn = 0; turn < count; turn++) await this.turn();
  }

  /** Another memory comes in the place of the one that is served, under the same name. */
  async replaceMemory(): Promise<MemoryStore> {
    await this.serving[Symbol.asyncDispose]();
    await this.serverTransport[Symbol.asyncDispose]();
    this.hub.sever(server);
    const later = createMemoryStore({ clock: this.clock, random: seededRandom('later') });
    await serveStore(later, this.hub.transport(server));
    this.hub.sever(client);
    await this.turns(400);
    return later;
  }
}

describe('a served store', () => {
  test('counts what is lost truly: not sent for certain, sent as unknown', async () => {
    const stand = await Stand.open();
    const { store, hub } = stand;
    hub.cut(client);
    const lost = await stand.do(store.put('p/a', bytes(1), absent));
    expect(lost).toMatchObject({ outcome: 'unknown', cause: { code: 'UNAVAILABLE' } });
    hub.heal(client);
    const breaking = store.put('p/b', bytes(1), absent);
    hub.sever(client);
    expect(await breaking).toMatchObject({ outcome: 'unknown', cause: { code: 'UNAVAILABLE' } });
    await expect(store.put('p/c', bytes(1), absent)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      outcome: 'not-applied',
      retryable: true,
    });
    await stand.turns(5);
    expect(await stand.do(store.put('p/d', bytes(1), absent))).toMatchObject({ outcome: 'applied' });
  });

  test('a request of which not all has left is certain not to be carried out when the connection ends', async () => {
    const stand = await Stand.open();
    stand.clientTransport.isFull = true;
    const writing = stand.store.put('p/a', bytes(200_000), absent);
    stand.hub.sever(client);
    await expect(writing).rejects.toMatchObject({ code: 'UNAVAILABLE', outcome: 'not-applied' });
    stand.clientTransport.drain();
    await stand.turns(10);
    expect(await stand.memory.get('p/a')).toBeUndefined();
  });

  test('a request that waits to be sent for too long is never sent, and of one that has begun to nobody knows', async () => {
    const stand = await Stand.open();
    const { clientTransport: transport } = stand;
    transport.isFull = true;
    await expect(stand.do(stand.store.put('p/a', bytes(1), absent))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      outcome: 'not-applied',
    });
    transport.drain();
    await stand.turns(10);
    expect(await stand.memory.get('p/a')).toBeUndefined();
    const send = transport.send.bind(transport);
    transport.send = (...message) => {
      const result = send(...message);
      transport.isFull = true;
      return result;
    };
    const begun = await stand.do(stand.store.put('p/b', bytes(200_000), absent));
    expect(begun).toMatchObject({ outcome: 'unknown', cause: { code: 'UNAVAILABLE' } });
    transport.send = send;
    transport.drain();
    await stand.turns(10);
    expect(await stand.memory.get('p/b')).toBeDefined();
  });

  test('messages that are larger than the transport takes go in parts, also when it is full in between', async () => {
    const stand = await Stand.open();
    const { store } = stand;
    stand.clientTransport.isFull = true;
    const writing = store.put('p/a', bytes(1_000_000), absent);
    await stand.turns(3);
    stand.clientTransport.drain();
    expect(await stand.do(writing)).toMatchObject({ outcome: 'applied' });
    stand.serverTransport.isFull = true;
    const reading = store.get('p/a');
    await stand.turns(3);
    stand.serverTransport.drain();
    expect((await stand.do(reading))?.value).toEqual(bytes(1_000_000));
  });

  test('a client that does not take its answers is cut off, and keeps nobody else from theirs', async () => {
    const stand = await Stand.open({ outgoingMaxBytes: 300_000 });
    await stand.do(stand.store.put('p/a', bytes(200_000), absent));
    const other = await stand.do(
      connectStore(stand.hub.transport(nodeId('other')), server, {
        clock: stand.clock,
        random: seededRandom(3),
      }),
    );
    stand.serverTransport.isFull = true;
    const reads = [1, 2, 3].map(() =>
      stand.store.get('p/a').then(
        () => 'answered',
        (thrown: unknown) => thrown,
      ),
    );
    for (const read of await stand.do(Promise.all(reads))) {
      expect(read).toMatchObject({ code: 'UNAVAILABLE', outcome: 'not-applied' });
    }
    stand.serverTransport.drain();
    await stand.turns(5);
    expect((await stand.do(other.get('p/a')))?.key).toBe('p/a');
    expect((await stand.do(stand.store.get('p/a')))?.key).toBe('p/a');
  });

  test('more waits at once than one client may have are held back, and nothing else is', async () => {
    const stand = await Stand.open({ requestsMax: 5 });
    const controller = new AbortController();
    const { signal } = controller;
    const session = await stand.do(stand.store.session({ ttlMs: 900 }));
    const waits = Array.from({ length: 5 }, () =>
      stand.store.observe(session.id, { signal }).catch(() => 'aborted'),
    );
    await stand.turns(3);
    const another = await stand.do(stand.store.session({ ttlMs: 60_000 }));
    const oneMore = stand.store.observe(another.id);
    await stand.turns(2000);
    expect(stand.serving.waitingCount).toBe(5);
    // Neither renewals nor what gives something back is kept out by what waits.
    expect(session.lost.aborted).toBe(false);
    expect(await stand.do(stand.store.get('p/a'))).toBeUndefined();
    controller.abort();
    await stand.do(Promise.all(waits));
    await stand.turns(120);
    expect(stand.serving.waitingCount).toBe(1);
    await stand.do(another[Symbol.asyncDispose]());
    await stand.do(oneMore);
    expect(stand.serving.waitingCount).toBe(0);
  });

  test('watches that have much to tell on a slow connection tell it one after the other', async () => {
    const stand = await Stand.open({ outgoingMaxBytes: 300_000 });
    const ends: unknown[] = [];
    const disconnect = stand.serverTransport.disconnect.bind(stand.serverTransport);
    stand.serverTransport.disconnect = peer => {
      ends.push(peer);
      disconnect(peer);
    };
    for (const name of ['a', 'b', 'c']) await stand.memory.put(`p/${name}`, bytes(200_000), absent);
    stand.serverTransport.isFull = true;
    const { signal } = new AbortController();
    const firsts = ['a', 'b', 'c'].map(name =>
      stand.store.watch(`p/${name}`, revision(0), { signal })[Symbol.asyncIterator]().next(),
    );
    await stand.turns(5);
    stand.serverTransport.drain();
    const told = await stand.do(Promise.all(firsts));
    expect(told.map(({ value }) => value.type === 'put' && value.entry.key)).toEqual(['p/a', 'p/b', 'p/c']);
    expect(ends).toEqual([]);
  });

  test('a watch with very much to tell is told it in parts, each up to a revision of its own', async () => {
    const stand = await Stand.open();
    const link = new RemoteLink(stand.hub.transport(nodeId('another')), server, {
      clock: stand.clock,
      random: seededRandom(4),
    });
    await link.start();
    await stand.turns(3);
    for (let count = 0; count < 10; count++) await stand.memory.put(`p/${count}`, bytes(300_000), absent);
    const { incarnation } = stand.memory.memory;
    const sizes: number[] = [];
    for (let from = 0; from < 10; ) {
      const answer = (await stand.do(link.request('watch', ['p', from, incarnation]))) as {
        readonly changes: readonly { readonly revision: number }[];
        readonly upTo: number;
      };
      expect(answer.changes.map(each => each.revision)).toEqual(
        Array.from({ length: answer.changes.length }, (_, index) => from + index + 1),
      );
      from = answer.upTo;
      sizes.push(answer.changes.length);
    }
    expect(sizes).toEqual([3, 3, 3, 1]);
    const writes = [1, 2, 3, 4].map(name => ({
      type: 'put' as const,
      key: `b/${name}`,
      value: bytes(600_000),
    }));
    await stand.memory.batch!(new Map(), writes);
    const { changes } = (await stand.do(link.request('watch', ['b', 0, incarnation]))) as {
      readonly changes: readonly unknown[];
    };
    expect(changes.length).toBe(4);
  });

  test('a request that is larger than the server takes is refused before it is sent', async () => {
    const stand = await Stand.open({ requestMaxBytes: 100_000 });
    const large = stand.store.put('p/a', bytes(100_001), absent);
    await expect(large).rejects.toThrow('at most 100000 bytes');
    expect(await stand.do(stand.store.put('p/a', bytes(90_000), absent))).toMatchObject({
      outcome: 'applied',
    });
  });

  test('a watch from a revision of a memory before this one lists again, whatever the client has seen since', async () => {
    const stand = await Stand.open();
    for (let count = 0; count < 5; count++) await stand.do(stand.store.put(`p/${count}`, bytes(1), absent));
    const { revision: from } = await stand.do(stand.store.list('p'));
    await stand.serving[Symbol.asyncDispose]();
    await stand.serverTransport[Symbol.asyncDispose]();
    stand.hub.sever(server);
    const later = createMemoryStore({ clock: stand.clock, random: seededRandom('later') });
    await serveStore(later, stand.hub.transport(server));
    stand.hub.sever(client);
    await stand.turns(5);
    const { signal } = new AbortController();
    const other = stand.store.watch('q', revision(0), { signal })[Symbol.asyncIterator]().next();
    expect((await stand.do(other)).value).toEqual({ type: 'resync' });
    const next = stand.store.watch('p', from, { signal })[Symbol.asyncIterator]().next();
    expect((await stand.do(next)).value).toEqual({ type: 'resync' });
  });

  test('a wait that is given up is given up at the server, however much waits to be sent', async () => {
    const stand = await Stand.open();
    const transport = stand.hub.transport(nodeId('another'));
    const options = { clock: stand.clock, random: seededRandom(4), outgoingMaxBytes: 1000 };
    const link = new RemoteLink(transport, server, options);
    await link.start();
    await stand.turns(3);
    const session = await stand.do(stand.store.session({ ttlMs: 60_000 }));
    const controller = new AbortController();
    const { signal } = controller;
    const waiting = link.request('observe', [session.id], { signal, holdMs: 10_000 });
    await stand.turns(3);
    expect(stand.serving.waitingCount).toBe(1);
    transport.isFull = true;
    const writing = link.request('get', ['p/a'], {});
    for (let count = 0; count < 50; count++) link.request('get', ['p/a'], {}).catch(() => {});
    controller.abort();
    await waiting;
    transport.drain();
    await stand.do(writing);
    await stand.turns(3);
    expect(stand.serving.waitingCount).toBe(0);
  });

  test('an idle wait sends one message in the time that the server may hold it', async () => {
    const stand = await Stand.open();
    const session = await stand.do(stand.store.session({ ttlMs: 100_000_000 }));
    const sent = { count: 0 };
    const send = stand.clientTransport.send.bind(stand.clientTransport);
    stand.clientTransport.send = (...args) => {
      sent.count++;
      return send(...args);
    };
    const { signal } = new AbortController();
    const next = stand.store.watch('p', revision(0), { signal })[Symbol.asyncIterator]().next();
    const observing = stand.store.observe(session.id);
    await stand.turns(10_000);
    // What is held is asked for again each second: a cancellation and a new request each.
    expect(sent.count).toBeLessThan(45);
    await stand.memory.put('p/a', bytes(1), absent);
    expect((await stand.do(next)).value).toMatchObject({ type: 'put' });
    await stand.do(session[Symbol.asyncDispose]());
    await stand.do(observing);
  });

  test('a signal that many requests share is left alone by those that are over', async () => {
    const stand = await Stand.open();
    const transport = stand.hub.transport(nodeId('another'));
    const link = new RemoteLink(transport, server, { clock: stand.clock, random: seededRandom(4) });
    await link.start();
    await stand.turns(3);
    const { signal } = new AbortController();
    for (let count = 0; count < 10; count++) await stand.do(link.request('hello', [], { signal }));
    const waiting = link.request('hello', [], { signal });
    expect(getEventListeners(signal, 'abort').length).toBe(1);
    await stand.do(waiting);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  test('what a connection was waiting for at the server ends with it, and goes on with the next', async () => {
    const stand = await Stand.open();
    const session = await stand.do(stand.store.session({ ttlMs: 60_000 }));
    const observing = stand.store.observe(session.id);
    await stand.turns(5);
    const { sessions } = stand.memory.memory;
    expect([sessions.observerCount, stand.serving.waitingCount]).toEqual([1, 1]);
    stand.hub.sever(client);
    await new Promise(resolve => setImmediate(resolve));
    expect([sessions.observerCount, stand.serving.waitingCount]).toEqual([0, 0]);
    await stand.turns(5);
    expect(sessions.observerCount).toBe(1);
    await stand.do(session[Symbol.asyncDispose]());
    await stand.do(observing);
  });

  test('over a transport that cannot disconnect, a bad message is dropped, and the next one served', async () => {
    const stand = await Stand.open();
    Object.assign(stand.serverTransport, { disconnect: undefined });
    stand.clientTransport.send(server, new Uint8Array(3));
    await stand.turns(3);
    expect(await stand.do(stand.store.get('p/a'))).toBeUndefined();
  });

  test('bad messages cost their connection and nothing else', async () => {
    const stand = await Stand.open();
    const rude = stand.hub.transport(nodeId('rude'));
    const ends: unknown[] = [];
    await rude.start({ onMessage() {}, onDisconnect: peer => ends.push(peer) });
    const { request, answer } = frameKinds;
    const frame = (kind: number, body: Uint8Array) => framesOf(kind, 1, 1, body, 1000)[0] as Uint8Array;
    const messages = [
      new Uint8Array(3),
      new Uint8Array(64).fill(0xff),
      frame(request, new Uint8Array()),
      frame(request, Uint8Array.of(9, 9, 9)),
      frame(request, encodeValue('not a list')),
      frame(answer, encodeValue(['get', 'p/a'])),
      frame(99, encodeValue(['get', 'p/a'])),
    ];
    for (const message of messages) {
      await stand.turns(5);
      const before = ends.length;
      expect(rude.send(server, message)).toBe('sent');
      await stand.turns(5);
      expect(ends.length).toBe(before + 1);
    }
    expect(await stand.do(stand.store.put('p/a', bytes(1), absent))).toMatchObject({ outcome: 'applied' });
  });

  test('requests for what there is not, or with wrong arguments, are answered with errors', async () => {
    const stand = await Stand.open();
    const rude = stand.hub.transport(nodeId('rude'));
    const answers: string[] = [];
    await rude.start({ onMessage: (_, message) => answers.push(new TextDecoder().decode(message)) });
    await stand.turns(5);
    const requests = [
      ['drop everything'],
      ['get'],
      ['put', 'p/a', 'text', { absent: true }],
      ['batch', 7, 7],
      ['batch', [], [undefined]],
      ['open', 'long'],
      ['watch', '/', -1, ''],
      ['renew'],
      ['add', 'p/n', 1, {}],
      ['enqueue', 'p/', Uint8Array.of(1)],
      ['list', 'p/', 'options'],
    ];
    for (const [index, request] of requests.entries()) {
      rude.send(server, framesOf(frameKinds.request, 1, index, encodeValue(request), 1000)[0] as Uint8Array);
    }
    await stand.turns(5);
    expect(answers.length).toBe(requests.length);
    for (const [index, answer] of answers.slice(0, -1).entries()) {
      expect(answer, `the answer to request ${index}`).toContain('Error');
    }
    expect(await stand.memory.list('p')).toMatchObject({ entries: [], revision: 0 });
  });

  test('a memory that comes in the place of another is listed anew, and knows none of its sessions', async () => {
    const stand = await Stand.open();
    const session = await stand.do(stand.store.session({ ttlMs: 900 }));
    for (let count = 0; count < 5; count++) await stand.do(stand.store.put(`p/${count}`, bytes(1), absent));
    const { signal } = new AbortController();
    const events = stand.store.watch('p', revision(5), { signal })[Symbol.asyncIterator]();
    const next = events.next();
    await stand.turns(5);
    await stand.replaceMemory();
    expect((await stand.do(next)).value).toEqual({ type: 'resync' });
    expect(session.lost.aborted).toBe(true);
    const after = events.next();
    await stand.do(stand.store.put('p/new', bytes(1), absent));
    expect((await stand.do(after)).value).toMatchObject({
      type: 'put',
      entry: { key: 'p/new' },
      revision: 1,
    });
  });

  test('a revision of the memory before is not taken for one of the next, whatever else the client has heard of it', async () => {
    const stand = await Stand.open();
    for (let count = 0; count < 5; count++) await stand.do(stand.store.put(`p/${count}`, bytes(1), absent));
    const { revision: before } = await stand.do(stand.store.list('p'));
    const { signal } = new AbortController();
    const first = stand.store.watch('q', revision(0), { signal })[Symbol.asyncIterator]();
    const resynced = first.next();
    await stand.turns(5);
    const later = await stand.replaceMemory();
    expect((await stand.do(resynced)).value).toEqual({ type: 'resync' });
    // The next memory goes beyond that revision.
    for (let count = 0; count < 8; count++) await later.put(`p/later-${count}`, bytes(1), absent);
    const missing = stand.store.watch('p', before, { signal })[Symbol.asyncIterator]();
    expect((await stand.do(missing.next())).value).toEqual({ type: 'resync' });
    // Whoever has listed since is told what comes then, and nothing else.
    const { revision: now } = await stand.do(stand.store.list('p'));
    const told = stand.store.watch('p', now, { signal })[Symbol.asyncIterator]();
    const next = stand.do(told.next());
    await later.put('p/last', bytes(1), absent);
    expect((await next).value).toMatchObject({ type: 'put', entry: { key: 'p/last' }, revision: 9 });
  });

  test('a client that is closed leaves no timer, and no wait at the server', async () => {
    const stand = await Stand.open();
    const { signal } = new AbortController();
    const session = await stand.do(stand.store.session({ ttlMs: 900 }));
    const events = stand.store.watch('p', revision(0), { signal })[Symbol.asyncIterator]();
    const ended = events.next().catch(() => 'closed');
    const observing = stand.store.observe(session.id).catch(() => 'closed');
    await stand.turns(5);
    await stand.do(stand.store[Symbol.asyncDispose]());
    await stand.do(ended);
    await stand.do(observing);
    await stand.turns(5);
    expect(stand.serving.waitingCount).toBe(0);
    await stand.serving[Symbol.asyncDispose]();
    await stand.memory[Symbol.asyncDispose]();
    expect(stand.clock.timerCount).toBe(0);
  });
});
