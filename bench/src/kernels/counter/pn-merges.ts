import { createPnCounter } from '@quorate/counter';
import type { Context, Kernel } from '../../suite.ts';

/** A replica takes in what another one has counted since: a delta of one record among many actors. */
export function pnDeltas(context: Context): Kernel {
  const actors = context.number('actors');
  const random = context.random('actors');
  const [one, other] = [createPnCounter('one', { random }), createPnCounter('other', { random })];
  for (let index = 2; index < actors; index++) {
    const third = createPnCounter(`r${index}`, { random });
    third.increment(index);
    one.merge(third.state());
  }
  other.merge(one.state());
  const rounds = 20;
  return {
    ops: rounds,
    run() {
      const before = other.value;
      for (let round = 0; round < rounds; round++) {
        one.increment();
        other.merge(one.deltaFor(other.digest()) as Uint8Array);
      }
      return Number(other.value - before);
    },
  };
}
