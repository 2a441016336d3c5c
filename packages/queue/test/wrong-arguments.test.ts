import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createTasks, defineTask, type Queues, unchecked } from '../src/index.ts';
import { QueueStand } from './queue-stand.ts';

describe('what is wrong is refused at the call', () => {
  let stand: QueueStand;
  let queues: Queues;
  beforeEach(() => {
    stand = new QueueStand();
    queues = stand.queues();
  });
  afterEach(() => stand.close());

  const outbox = { claim: async () => [], delivered: async () => {} };

  test.for<[string, (use: Queues) => unknown, string]>([
    ['an outbox without claim', use => use.relay({} as never), 'Outbox must have a function "claim"'],
    ['no outbox', use => use.relay(undefined as never), 'Outbox must have a function "claim"'],
    ['an outbox without delivered', use => use.relay({ claim: outbox.claim } as never), '"delivered"'],
    ['a refusal that is none', use => use.relay({ ...outbox, refused: 1 } as never), '"refused": received 1'],
    [
      'a memory of a relay',
      use => use.relay(outbox, { rememberMs: -1 }),
      'from 0 to 2147483647: received -1',
    ],
    ['a memory of a topic', use => use.topic('t', { rememberMs: Number.NaN }), 'received NaN'],
    ['a queue of this package', use => use.producer('~x'), 'Queue must not begin with "~": received "~x"'],
    ['the same to consume', use => use.consume('~x/y', () => {}), 'Queue must not begin with "~"'],
    ['the same in batches', use => use.consumeBatches('~x', () => {}), 'Queue must not begin with "~"'],
    ['the same in a loop', use => use.consumer('~x'), 'Queue must not begin with "~"'],
    ['the same of dead letters', use => use.deadLetters('~x'), 'Queue must not begin with "~"'],
    ['a topic of this package', use => use.topic('~x'), 'Topic must not begin with "~"'],
    [
      'how many to put back',
      use => use.deadLetters('q').redriveAll({ max: Number.NaN }),
      'must be a number of at least 0: received NaN',
    ],
  ])('%s', ([, call, message]) => {
    expect(() => call(queues)).toThrow(message);
  });

  test.for<[string, (use: Queues) => Promise<unknown>, string]>([
    ['no subscription', use => use.topic('t').subscribe(''), 'Subscription must begin with'],
    ['one that is two', use => use.topic('t').subscribe('a/b'), 'must not have a "/": received "a/b"'],
    ['one of this package', use => use.topic('t').subscribe('~a'), 'Subscription must not begin with "~"'],
    ['an absent one', use => use.topic('t').subscribe(undefined as never), 'must be a string'],
    ['a number', use => use.topic('t').subscribe(5 as never), 'Subscription must be a string: received 5'],
    ['the end of one that cannot be', use => use.topic('t').unsubscribe('a/b'), 'must not have a "/"'],
    ['a queue to pause', use => use.pause('~x'), 'Queue must not begin with "~"'],
    ['a queue to ask for', use => use.isPaused('~x'), 'Queue must not begin with "~"'],
    [
      'a time in words',
      use => use.producer('q').send(1, { readyAt: 'tomorrow' as never }),
      'must be a Date or a number of ms: received "tomorrow"',
    ],
    ['a delay in words', use => use.producer('q').send(1, { delayMs: '5' as never }), 'Delay in ms must be'],
    ['a state that none has', use => use.inspect.messages('q', { state: 'foo' as never }), 'received "foo"'],
  ])('%s', async ([, call, message]) => {
    await expect(call(queues)).rejects.toThrow(message);
    expect(await stand.count()).toBe(0);
  });

  test('of tasks', async () => {
    const { store, clock } = stand;
    const options = { name: 'x', input: unchecked<number>(), run: () => {} };
    expect(() => defineTask({ ...options, key: 'x' as never })).toThrow('Key of task "x" must be a function');
    const task = defineTask(options);
    expect(() => createTasks({ store, clock, name: '~a', tasks: { task } })).toThrow(
      'must not begin with "~"',
    );
    const tasks = createTasks({ store, clock, name: 'a', tasks: { task } });
    const wrong = 'must be a Date or a number of ms: received "5"';
    await expect(tasks.task.send(1, { readyAt: '5' as never })).rejects.toThrow(wrong);
    await expect(tasks.task.send(1, { delayMs: '5' as never })).rejects.toThrow('Delay in ms must be');
  });
});
