import type { Settlement, StateWrite } from '@quorate/core';
import { numbersOf, numbersOrNone, textsOf, textsOrNone } from './array-literal.ts';
import { handleValues } from './lease-handles.ts';
import { headersOf, putBytes, putValues } from './put-values.ts';
import { putParameterCount } from './queue-statements.ts';
import { storedName } from './stored-name.ts';

/** How each kind is told; a release that takes an attempt back is one of its own. */
const actions = { acknowledge: 0, release: 1, unstarted: 2, move: 3 } as const;

/** Whether nothing comes with a settlement. */
export function isPlain({ action, puts = [], state = [] }: Settlement): boolean {
  return action.type === 'acknowledge' && puts.length === 0 && state.length === 0;
}

/** The parameters of settlements of every kind. */
export function settleValues(settlements: readonly Settlement[]): unknown[] {
  const puts = settlements.flatMap(({ puts: own = [] }, place) => own.map(put => ({ put, of: place + 1 })));
  const writes = settlements.flatMap(({ state = [] }, place) =>
    state.map(write => ({ write, of: place + 1 })),
  );
  const all = settlements.map(({ action }) => action);
  return [
    ...handleValues(settlements.map(({ lease }) => lease)),
    numbersOf(all.map(action => actions[kindOf(action)])),
    numbersOrNone(all.map(action => (action.type === 'release' ? Math.ceil(action.delayMs) : undefined))),
    textsOrNone(all.map(action => (action.type === 'move' ? storedName(action.queue) : undefined))),
    textsOrNone(all.map(action => ('headers' in action ? headersOf(action.headers) : undefined))),
    puts.length === 0 ? null : numbersOf(puts.map(({ of }) => of)),
    ...(puts.length === 0
      ? Array.from({ length: putParameterCount }, () => null)
      : putValues(puts.map(({ put }) => put))),
    ...(writes.length === 0
      ? Array.from({ length: 7 }, () => null)
      : stateValues(
          writes.map(({ of }) => of),
          writes.map(({ write }) => write),
        )),
  ];
}

function kindOf(action: Settlement['action']): keyof typeof actions {
  return action.type === 'release' && action.unstarted === true ? 'unstarted' : action.type;
}

/** How many bytes go to the server, about. */
export function settlementBytes({ puts = [], state = [] }: Settlement): number {
  return state.reduce((bytes, { value }) => bytes + (value?.length ?? 0) + 100, putBytes(puts) + 100);
}

function stateValues(places: readonly number[], writes: readonly StateWrite[]): unknown[] {
  let at = 0;
  const starts = writes.map(({ value }) => {
    at += value?.length ?? 0;
    return value === undefined ? undefined : at - value.length;
  });
  return [
    numbersOf(places),
    textsOf(writes.map(({ key }) => storedName(key))),
    Buffer.concat(writes.map(({ value }) => value ?? new Uint8Array())),
    numbersOf(starts),
    numbersOf(writes.map(({ value }) => value?.length)),
    numbersOf(writes.map(({ version }) => version)),
    numbersOf(writes.map(({ expiresAtMs }) => expiresAtMs && Math.ceil(expiresAtMs))),
  ];
}
