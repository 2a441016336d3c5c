import { type LogIndex, logIndex, nodeId, seededRandom, term } from '@quorate/core';
import { entryKind, Raft, type RaftMessage } from '@quorate/replication/raft';
import type { Kernel, Setup } from '../../suite.ts';

const ids = ['n1', 'n2', 'n3'].map(id => nodeId(id));
const [first] = ids;
const roundsPerCall = 200;
/** Followers are never behind, so the leader needs no entries from long ago. */
const tailBytesMax = 64 * 1024;

/**
 * Three cores in one thread: so many proposals of 100 bytes at once, and every message delivered in the round after it was
 * sent. Disks and networks take no time; an operation is a commit at the leader.
 */
export function coreCommits(): Setup {
  return (context): Kernel => {
    const perFlush = context.number('proposals');
    const cluster = new Cluster();
    const payload = new Uint8Array(100);
    const proposals = Array.from({ length: perFlush }, () => ({ kind: entryKind.command, payload }));
    return {
      ops: perFlush * roundsPerCall,
      run() {
        const before = cluster.committed;
        for (let round = 0; round < roundsPerCall; round++) cluster.round(proposals);
        return cluster.committed - before;
      },
    };
  };
}

class Cluster {
  readonly #cores: readonly Raft[];
  readonly #inboxes: RaftMessage[][] = ids.map(() => []);
  #committed: LogIndex = logIndex(0);

  constructor() {
    const membership = {
      voters: ids,
      votersOutgoing: [],
      learners: [],
      learnersNext: [],
      autoLeave: false,
    };
    // All of the log is of the first term.
    const log = { first: () => logIndex(1), snapshot: () => undefined, termAt: () => term(1) };
    this.#cores = ids.map(id => {
      const options = { id, random: seededRandom(id), tailBytesMax, log };
      return new Raft(options, { hardState: undefined, last: logIndex(0), applied: logIndex(0), membership });
    });
    this.#cores[0]?.campaign();
    for (let round = 0; round < 10; round++) this.round([]);
    if (this.#cores[0]?.isLeader !== true) throw new Error(`Core ${first} must lead: it does not`);
    this.#committed = logIndex(0);
    this.round([]);
  }

  get committed(): number {
    return this.#committed;
  }

  round(proposals: readonly { readonly kind: number; readonly payload: Uint8Array }[]): void {
    for (let place = 0; place < ids.length; place++) {
      const core = this.#cores[place] as Raft;
      const inbox = this.#inboxes[place] as RaftMessage[];
      this.#inboxes[place] = [];
      for (const message of inbox) core.step(message);
      if (place === 0 && proposals.length > 0) core.propose(proposals);
      this.#drain(core, place);
    }
  }

  #drain(core: Raft, place: number): void {
    for (let effects = core.takeEffects(); effects !== undefined; effects = core.takeEffects()) {
      for (const message of effects.messages) this.#inboxes[ids.indexOf(message.to)]?.push(message);
      if (effects.write !== undefined) core.durable(effects.write.token);
      if (effects.committed === undefined) continue;
      core.applied(effects.committed.to);
      if (place === 0) this.#committed = effects.committed.to;
    }
  }
}
