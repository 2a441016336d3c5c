import { EventEmitter } from 'node:events';
import { systemClock } from '@quorate/core';
import { expect, test } from 'vitest';
import type { RedisTemplate } from '../src/host/redis-client.ts';
import type { ScriptRunner } from '../src/host/script-runner.ts';
import { Subscriptions } from '../src/host/subscriptions.ts';

/** A connection whose server sends a message right behind its answer that the channel is subscribed to. */
class HastyConnection extends EventEmitter {
  status = 'ready';

  connect(): Promise<void> {
    return Promise.resolve();
  }

  disconnect(): void {
    this.status = 'end';
    this.emit('end');
  }

  // As a client does that reads both in one piece: the promise is settled first, and its callbacks come last.
  subscribe(channel: string): Promise<unknown> {
    const answer = Promise.resolve(1);
    this.publish(channel, 'right behind the answer');
    return answer;
  }

  publish(channel: string, message: string): void {
    this.emit('messageBuffer', Buffer.from(channel), Buffer.from(message));
  }

  unsubscribe(): Promise<unknown> {
    return Promise.resolve(0);
  }

  ping(): Promise<unknown> {
    return Promise.resolve('PONG');
  }
}

test('nobody hears of a message before the word that nothing is missed from now on, on any connection', async () => {
  const connections: HastyConnection[] = [];
  const duplicate = (): HastyConnection => {
    const connection = new HastyConnection();
    connections.push(connection);
    return connection;
  };
  const template: RedisTemplate = { isCluster: false, duplicate };
  const runner = { client: {} } as ScriptRunner;
  await using subscriptions = new Subscriptions({
    template,
    runner,
    clock: systemClock,
    keepAliveMs: 60_000,
  });
  const heard: string[] = [];
  using _listening = subscriptions.listen('a', {
    onReady: () => heard.push('ready'),
    onMessage: message => heard.push(message.toString()),
  });
  await expect.poll(() => heard).toEqual(['ready']);
  connections[0]?.publish('a', 'one');
  expect(heard).toEqual(['ready', 'one']);
  connections[0]?.disconnect();
  await expect.poll(() => heard).toEqual(['ready', 'one', 'ready']);
  connections[1]?.publish('a', 'two');
  expect(heard).toEqual(['ready', 'one', 'ready', 'two']);
});
