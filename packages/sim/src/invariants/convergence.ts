import type { Invariant } from '../invariant.ts';
import type { Finding } from '../scenario.ts';

/** A client was told that its update is in. Ids are unique over the run. */
export type UpdateAcknowledged = { readonly type: 'update-acknowledged'; readonly update: string };

/** What a replica holds; its last word counts, so it is said in the liveness phase. */
export type ReplicaState = {
  readonly type: 'replica-state';
  readonly replica: string;
  /** The state as text: equal where the states are. */
  readonly state: string;
  /** Every update that the state includes. */
  readonly updates: readonly string[];
};

/**
 * Once all replicas have heard of each other, they are equal and have every update that was acknowledged.
 *
 * Before the end replicas may differ, and an update that was never acknowledged may be in or not, but in all of them alike.
 *
 * Source: Shapiro et al., "Conflict-free Replicated Data Types", SSS 2011 §2 (strong eventual consistency).
 *
 * @param options.replicas - all that must have said what they hold
 * @throws TypeError without replicas
 */
export function convergence(options: { readonly replicas: readonly string[] }): () => Invariant {
  const { replicas } = options;
  if (replicas.length === 0) throw new TypeError('Replicas must be named: received none');
  return () => {
    const acknowledged = new Set<string>();
    const states = new Map<string, ReplicaState>();
    return {
      name: 'convergence',
      observe(fact) {
        if (fact.type === 'update-acknowledged') acknowledged.add((fact as UpdateAcknowledged).update);
        if (fact.type === 'replica-state') states.set((fact as ReplicaState).replica, fact as ReplicaState);
        return undefined;
      },
      finish: () => compare(replicas, states, acknowledged),
    };
  };
}

function compare(
  replicas: readonly string[],
  states: ReadonlyMap<string, ReplicaState>,
  acknowledged: ReadonlySet<string>,
): Finding | undefined {
  let first: ReplicaState | undefined;
  for (const replica of replicas) {
    const state = states.get(replica);
    if (state === undefined) {
      return { rule: 'convergence', message: `Replica ${replica} never said what it holds` };
    }
    const has = new Set(state.updates);
    const missing = [...acknowledged].filter(update => !has.has(update));
    if (missing.length > 0) {
      const message = `Replica ${replica} lacks update ${missing[0]}, which was acknowledged, and ${missing.length - 1} more`;
      return { rule: 'convergence', message, details: { replica, missing } };
    }
    first ??= state;
    if (state.state !== first.state) {
      const message = `Replicas ${first.replica} and ${replica} differ after all faults have ended`;
      return { rule: 'convergence', message, details: [first, state] };
    }
  }
  return undefined;
}
