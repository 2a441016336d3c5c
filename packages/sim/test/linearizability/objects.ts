import type { Random } from '@quorate/core';
import type { CounterInput, CounterOutput } from '../../src/linearizability/models/counter.ts';
import type { QueueInput, QueueOutput } from '../../src/linearizability/models/fifo-queue.ts';
import type { KeyValueInput, KeyValueOutput } from '../../src/linearizability/models/key-value.ts';
import type { LockInput, LockOutput } from '../../src/linearizability/models/lock.ts';
import type { RegisterInput, RegisterOutput } from '../../src/linearizability/models/register.ts';
import type { SetInput, SetOutput } from '../../src/linearizability/models/set.ts';
import type { Scalar } from '../../src/linearizability/model.ts';
import type { AtomicObject } from './generated-history.ts';

/** Real objects beside the models, written in another way, and what is asked of them. */

export function registerObject(): AtomicObject<RegisterInput, RegisterOutput> {
  let value: Scalar = null;
  return input => {
    if (input.type === 'read') return value;
    if (input.type === 'write') value = input.value;
    else if (value === input.from) value = input.to;
    else return false;
    return input.type === 'cas' ? true : undefined;
  };
}

export function drawRegister(random: Random): RegisterInput {
  switch (random.below(3)) {
    case 0:
      return { type: 'read' };
    case 1:
      return { type: 'write', value: random.below(3) };
    default:
      return { type: 'cas', from: random.below(3), to: random.below(3) };
  }
}

export function keyValueObject(): AtomicObject<KeyValueInput, KeyValueOutput> {
  const values = new Map<string, string>();
  return input => {
    if (input.type === 'get') return values.get(input.key) ?? null;
    const before = input.type === 'append' ? (values.get(input.key) ?? '') : '';
    values.set(input.key, before + input.value);
    return undefined;
  };
}

/** Values are short, so that different orders may make the same text. */
export function drawKeyValue(keys: number): (random: Random) => KeyValueInput {
  return random => {
    const key = `k${random.below(keys)}`;
    const kind = random.below(8);
    if (kind < 4) return { type: 'get', key };
    return { type: kind < 7 ? 'append' : 'put', key, value: 'ab'.slice(random.below(2)) };
  };
}

export function counterObject(): AtomicObject<CounterInput, CounterOutput> {
  let value = 0;
  return input => {
    if (input.type === 'add') value += input.by;
    return value;
  };
}

export function drawCounter(random: Random): CounterInput {
  return random.below(2) === 0 ? { type: 'read' } : { type: 'add', by: random.below(3) - 1 };
}

export function setObject(): AtomicObject<SetInput, SetOutput> {
  const elements = new Set<Scalar>();
  return input => {
    if (input.type === 'members') return [...elements];
    if (input.type === 'has') return elements.has(input.element);
    if (input.type === 'remove') return elements.delete(input.element);
    const { size } = elements;
    return elements.add(input.element).size > size;
  };
}

export function drawSet(random: Random): SetInput {
  const type = (['add', 'remove', 'has', 'members'] as const)[random.below(4)] ?? 'add';
  return type === 'members' ? { type } : { type, element: random.below(3) };
}

export function queueObject(): AtomicObject<QueueInput, QueueOutput> {
  const values: Scalar[] = [];
  return input => {
    if (input.type === 'dequeue') return values.shift() ?? null;
    values.push(input.value);
    return undefined;
  };
}

export function drawQueue(random: Random): QueueInput {
  return random.below(2) === 0 ? { type: 'dequeue' } : { type: 'enqueue', value: random.below(3) };
}

export function lockObject(): AtomicObject<LockInput, LockOutput> {
  let holder: string | number | undefined;
  let token = 0;
  return ({ type, owner }) => {
    if (type === 'acquire') {
      if (holder !== undefined) return false;
      holder = owner;
      return ++token;
    }
    if (holder !== owner) return false;
    holder = undefined;
    return true;
  };
}

export function drawLock(random: Random): LockInput {
  return { type: random.below(2) === 0 ? 'acquire' : 'release', owner: random.below(3) };
}
