import type { Operation } from '../../operation.ts';
import type { Model, Scalar } from '../model.ts';
import { scalarText } from './scalar-text.ts';

export type QueueInput = { readonly type: 'enqueue'; readonly value: Scalar } | { readonly type: 'dequeue' };

/** A dequeue returns the value, or null where the queue was empty, so null cannot be enqueued; an enqueue whatever it likes. */
export type QueueOutput = Scalar | undefined;

/** First in, first out. */
export function fifoQueue(): Model<readonly Scalar[], QueueInput, QueueOutput> {
  return {
    name: 'fifo-queue',
    init: () => [],
    step(queue, input, output) {
      if (input.type === 'enqueue') return [...queue, input.value];
      const [head = null, ...rest] = queue;
      if (output !== undefined && output !== head) return undefined;
      return head === null ? queue : rest;
    },
    key: queue => JSON.stringify(queue),
    operationKey: (input, output) =>
      input.type === 'enqueue'
        ? `e${scalarText(input.value)}`
        : `d${output === undefined ? '' : scalarText(output)}`,
    readOnly: (input, output) => input.type === 'dequeue' && output === null,
    validate,
    describe(input, output) {
      if (input.type === 'enqueue') return `enqueue ${JSON.stringify(input.value)}`;
      return `dequeue → ${output === undefined ? '?' : JSON.stringify(output)}`;
    },
  };
}

function validate({ input, output, returnedAt }: Operation<QueueInput, QueueOutput>): void {
  if (input.type === 'enqueue') {
    if (input.value !== null && input.value !== undefined) return;
    throw new TypeError(`A value in a queue must not be null: received ${input.value}`);
  }
  if (input.type !== 'dequeue') {
    throw new TypeError(`A queue can enqueue and dequeue: received ${JSON.stringify(input satisfies never)}`);
  }
  if (returnedAt !== undefined && output === undefined) {
    throw new TypeError('A dequeue that returned must have an output, null for none: received undefined');
  }
}
