import type { LeaseHandle } from '@quorate/core';
import { numbersOf, numbersOrNone, textsOf } from './array-literal.ts';
import { storedName, storedText } from './stored-name.ts';

/** The number of a message that the engine chose the id of, unless it has moved since. */
export function sequenceIn(id: string): string | undefined {
  return /^~[0-9a-f]{1,15}$/.test(id) ? BigInt(`0x${id.slice(1)}`).toString() : undefined;
}

/** The id of a message without one of its own. */
export function idOfSequence(sequence: bigint): string {
  return `~${sequence.toString(16)}`;
}

/** The parameters of leases; no numbers where no id tells one. */
export function handleValues(handles: readonly LeaseHandle[]): unknown[] {
  return [
    textsOf(handles.map(({ queue }) => storedName(queue))),
    numbersOrNone(handles.map(({ id }) => sequenceIn(id))),
    textsOf(handles.map(({ id }) => storedText(id))),
    numbersOf(handles.map(({ token }) => tokenOf(token))),
  ];
}

/** One that no lease has where the token is larger than any that was ever given. */
function tokenOf(token: bigint): bigint {
  return token < 2n ** 63n ? token : 0n;
}

/**
 * In which order the messages of several leases are to be touched: whoever keeps to one order never waits for whom it keeps
 * waiting. The leases' places.
 */
export function inOneOrder(handles: readonly LeaseHandle[]): number[] {
  const names = handles.map(({ queue, id }) => `${queue}\0${sequenceIn(id)?.padStart(20, '0') ?? `~${id}`}`);
  const places = handles.map((_, place) => place);
  return places.sort((one, other) => ((names[one] as string) < (names[other] as string) ? -1 : 1));
}
