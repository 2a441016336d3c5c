import type { Invariant } from '../invariant.ts';
import type { Finding } from '../scenario.ts';
import { andMore } from './and-more.ts';

/** A client was told that its update is in. */
export type AcknowledgedUpdate<Update = unknown> = {
  readonly type: 'acknowledged-update';
  /** For people; unique over the run. */
  readonly id: string;
  readonly update: Update;
};

/** What a replica holds, as JSON has it; its last word counts, so it is said in the liveness phase. */
export type ReplicaState<State = unknown> = {
  readonly type: 'replica-state';
  readonly replica: string;
  readonly state: State;
};

export interface CrdtConvergenceOptions<State, Update> {
  /** All that must have said what they hold. */
  readonly replicas: readonly string[];
  /** Whether a state has an update in it. */
  readonly includes: (state: State, update: Update) => boolean;
}

/**
 * Once all replicas have heard of each other, they are equal and have every update that was acknowledged.
 *
 * Before the end replicas may differ, and an update that was never acknowledged may be in or not, but in all of them alike.
 *
 * Source: Shapiro et al., "Conflict-free Replicated Data Types", SSS 2011 §2 (strong eventual consistency).
 *
 * @throws TypeError without replicas
 */
export function crdtConvergence<State, Update>(options: CrdtConvergenceOptions<State, Update>): Invariant {
  if (options.replicas.length === 0) throw new TypeError('Replicas must be named: received none');
  const acknowledged: AcknowledgedUpdate<Update>[] = [];
  const states = new Map<string, State>();
  return {
    name: 'crdt-convergence',
    observe(fact) {
      if (fact.type === 'acknowledged-update') acknowledged.push(fact as AcknowledgedUpdate<Update>);
      if (fact.type === 'replica-state') {
        const { replica, state } = fact as ReplicaState<State>;
        states.set(replica, state);
      }
      return undefined;
    },
    finish: () => compare(options, states, acknowledged),
  };
}

function compare<State, Update>(
  { replicas, includes }: CrdtConvergenceOptions<State, Update>,
  states: ReadonlyMap<string, State>,
  acknowledged: readonly AcknowledgedUpdate<Update>[],
): Finding | undefined {
  const rule = 'crdt-convergence';
  const silent = replicas.find(replica => !states.has(replica));
  // Another rule, so that whoever makes a failing run smaller does not take the readers away.
  if (silent !== undefined)
    return { rule: 'crdt-convergence-unread', message: `Replica ${silent} never said what it holds` };
  const [first] = replicas as readonly [string];
  const text = canonicalText(states.get(first));
  for (const replica of replicas) {
    const state = states.get(replica) as State;
    const missing = acknowledged.filter(({ update }) => !includes(state, update)).map(({ id }) => id);
    if (missing.length > 0) {
      const others = andMore(missing.length - 1);
      const wereThey = others === '' ? 'which was' : 'which were';
      const message = `Replica ${replica} lacks update ${missing[0]}${others}, ${wereThey} acknowledged`;
      return { rule, message, details: { replica, state, missing } };
    }
    if (canonicalText(state) !== text) {
      const message = `Replicas ${first} and ${replica} differ after all faults have ended`;
      return { rule, message, details: { [first]: states.get(first), [replica]: state } };
    }
  }
  return undefined;
}

/** JSON with the keys of objects in order, so that equal states have equal texts. */
function canonicalText(state: unknown): string {
  return JSON.stringify(state, (_key, value: unknown) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
