import { expect, test } from 'vitest';
import { QueueStand } from './queue-stand.ts';

test.for([
  ['', 'must begin with its partition: received ""'],
  ['/orders', 'must begin with its partition: received "/orders"'],
  ['orders/\u{d800}', 'must be well-formed Unicode without NUL'],
  [`orders/${'x'.repeat(1100)}`, 'must be at most 1024 bytes of UTF-8: received 1107'],
] as const)('a queue or topic that no store takes is refused at the call: %s', async ([name, message]) => {
  const stand = new QueueStand();
  const queues = stand.queues();
  const calls = [
    () => queues.producer(name),
    () => queues.consume(name, () => {}),
    () => queues.consumer(name),
    () => queues.topic(name),
    () => queues.deadLetters(name),
  ];
  for (const call of calls) expect(call).toThrow(message);
  expect(() => queues.producer(7 as never)).toThrow('Queue must be a string: received 7');
  await stand.close();
});
