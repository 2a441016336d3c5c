import type { NodeId } from '@quorate/core';
import { State } from './member.ts';
import type { Message } from './message.ts';
import type { Speaker } from './speaker.ts';
import type { SwimState } from './swim-state.ts';

/** Up to so many members, states are exchanged in the given interval; with twice as many, in twice that, and so on by powers of 2. */
const syncScaleFrom = 32;

/**
 * Exchanges whole states: when joining, now and then with somebody, and with those who seem dead.
 *
 * News are told a bounded number of times, so some member may have missed one; and two halves of a network that was parted
 * know each other as dead, and tell each other nothing. What is compared first is a digest, so in quiet times an exchange
 * costs two small messages however many members there are.
 */
export class Exchange {
  readonly #state: SwimState;
  readonly #speaker: Speaker;
  #syncMs: number;
  #reconnectMs: number;
  #reconnectNext = 0;
  #isJoining = false;

  constructor(state: SwimState, speaker: Speaker) {
    this.#state = state;
    this.#speaker = speaker;
    const { nowMs, random, tuning } = state;
    this.#syncMs = nowMs + random.float() * tuning.syncIntervalMs;
    this.#reconnectMs = nowMs + random.float() * tuning.reconnectIntervalMs;
  }

  get dueMs(): number {
    return Math.min(this.#syncMs, this.#reconnectMs);
  }

  /** Tries to reach the seeds now, and again soon for as long as nobody was. */
  join(): void {
    this.#isJoining = true;
    this.#reconnectMs = this.#state.nowMs;
  }

  stop(): void {
    this.#syncMs = Number.POSITIVE_INFINITY;
    this.#reconnectMs = Number.POSITIVE_INFINITY;
  }

  tick(): void {
    const { nowMs, table, random, tuning } = this.#state;
    if (nowMs >= this.#syncMs) {
      this.#syncMs = nowMs + tuning.syncIntervalMs * syncScale(table.liveCount);
      for (const { id } of table.sample(random, 1, () => true)) this.#speaker.sync(id);
    }
    if (nowMs < this.#reconnectMs) return;
    const isUrgent = this.#isJoining || table.others.length === 0;
    this.#reconnectMs =
      nowMs +
      (isUrgent ? Math.min(tuning.probeIntervalMs, tuning.reconnectIntervalMs) : tuning.reconnectIntervalMs);
    if (isUrgent) this.#reachSeeds();
    this.#reachNext();
  }

  onSync(from: NodeId, message: Message): void {
    const { table } = this.#state;
    if (message.digestHigh === table.digestHigh && message.digestLow === table.digestLow) {
      this.#speaker.same(from);
      this.#finished(from);
    } else this.#speaker.state(from, true);
  }

  onSame(from: NodeId): void {
    this.#finished(from);
  }

  onState(from: NodeId, message: Message): void {
    if (!message.isLast) return;
    if (message.isWanted) this.#speaker.state(from, false);
    this.#finished(from);
  }

  #finished(from: NodeId): void {
    this.#isJoining = false;
    this.#state.syncedWith(from);
  }

  #reachSeeds(): void {
    const { seeds, table } = this.#state;
    for (const seed of seeds)
      if (table.get(seed)?.isLive !== true || this.#isJoining) this.#speaker.sync(seed);
  }

  /** One of those that seem dead or are seeds and no members, each in turn: it may live again, or have lived all the time. */
  #reachNext(): void {
    const { seeds, table } = this.#state;
    const lost: NodeId[] = seeds.filter(seed => table.get(seed) === undefined);
    if (table.size > table.liveCount) {
      for (const member of table.all()) if (member.state === State.dead) lost.push(member.id);
    }
    const next = lost[this.#reconnectNext++ % Math.max(1, lost.length)];
    if (next !== undefined) this.#speaker.sync(next);
  }
}

/** How much rarer exchanges become with many members: each costs as much as there are. */
function syncScale(liveCount: number): number {
  return liveCount <= syncScaleFrom ? 1 : 1 + Math.ceil(Math.log2(liveCount / syncScaleFrom));
}
