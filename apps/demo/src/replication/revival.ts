import { type Clock, errorCode, QuorateError, sleep } from '@quorate/core';
import type { Cluster } from '../cluster.ts';
import type { NodeProcess } from '../node-process.ts';
import type { Tape } from '../tape.ts';
import { type GroupWait, withoutMajorityMs } from './majority-watch.ts';
import { hasCaughtUp, isLeader, type ReplicaGroup } from './replica-group.ts';

/** What starting a replica again came to. */
export interface CatchUpReport {
  readonly node: string;
  /** The last entry that its journal held when it was started again. */
  readonly heldEntries: number;
  /** The last entry that it was known to have on its disk before it ended: its journal must hold at least that. */
  readonly durableEntries: number;
  /** Entries that the others had and it had not when it was started again. */
  readonly missedEntries: number;
  /** Until its process was up and its journal read. */
  readonly startMs: number;
  /** From then until it had all that was committed, while writes went on. */
  readonly catchUpMs: number;
}

const ringWaitsMs = 2000;
/** How long a replica stays dead that nobody starts again by hand. */
const startAgainAfterMs = 10_000;

/** Starts replicas again whose processes have ended: when it is asked to, or by itself. */
export class Revival {
  readonly #group: ReplicaGroup;
  readonly #cluster: Cluster;
  readonly #tape: Tape;
  readonly #clock: Clock;
  /** Starts that are under way. */
  readonly #starts = new Map<string, Promise<CatchUpReport>>();
  /** Who will be started again by itself unless somebody is faster. */
  readonly #reviving = new Set<string>();
  #byItself = false;
  #closing = false;

  constructor(group: ReplicaGroup, cluster: Cluster, tape: Tape, clock: Clock) {
    this.#group = group;
    this.#cluster = cluster;
    this.#tape = tape;
    this.#clock = clock;
  }

  /** Tells the group when the process has ended. */
  watch(node: NodeProcess): void {
    void node.exit.then(() => {
      this.#group.gone(node.id);
      if (this.#byItself && this.#group.has(node.id)) void this.#startAgainSoon(node.id);
    });
  }

  /** From now on replicas that have died come back by themselves after a while. */
  goLive(): void {
    this.#byItself = true;
    for (const id of this.#group.ids) if (!this.#group.isRunning(id)) void this.#startAgainSoon(id);
  }

  /** Starts nothing again from now on. */
  close(): void {
    this.#closing = true;
  }

  /**
   * Starts a member's node again, on the journal that it left, and waits until it has caught up; then it joins the ring. Who
   * asks while that is under way waits for the same start.
   *
   * @throws QuorateError `NODE_RUNS`, `NODE_START_FAILED`, `REPLICA_START_FAILED`; `NO_MAJORITY` where it runs, and cannot catch
   *   up yet
   */
  startAgain(id: string, wait: GroupWait = {}): Promise<CatchUpReport> {
    const underWay = this.#starts.get(id);
    if (underWay !== undefined) return underWay;
    const start = this.#start(id, wait).finally(() => this.#starts.delete(id));
    this.#starts.set(id, start);
    return start;
  }

  async #start(id: string, wait: GroupWait): Promise<CatchUpReport> {
    const startedAtMs = this.#clock.monotonicMs();
    const durableEntries = this.#group.lastDurable(id);
    let startMs = 0;
    let heldEntries = 0;
    let missedEntries = 0;
    let caughtUp: Promise<number> = Promise.resolve(0);
    await this.#cluster.restart(id, async node => {
      const leader = (await this.#group.reports()).find(isLeader);
      // Before anything can fail: whoever ends from here on is started once more.
      this.watch(node);
      heldEntries = await this.#group.rejoin(node);
      missedEntries = Math.max(0, (leader?.log.last ?? 0) - heldEntries);
      startMs = Math.round(this.#clock.monotonicMs() - startedAtMs);
      const since = `${id} is back on its journal after ${startMs} ms; ${missedEntries} entries behind`;
      caughtUp = this.#caughtUp(id, since, wait);
      // The ring waits a moment, so that its keys do not slow the log down; not for ever, where there is no majority.
      await Promise.race([caughtUp.catch(() => {}), sleep(this.#clock, ringWaitsMs)]);
    });
    const catchUpMs = await caughtUp;
    return { node: id, heldEntries, durableEntries, missedEntries, startMs, catchUpMs };
  }

  /** Until it runs: a start that fails, as on a machine that is too busy for it, is not the last one. */
  async #startAgainSoon(id: string): Promise<void> {
    if (this.#reviving.has(id)) return;
    this.#reviving.add(id);
    for (;;) {
      await sleep(this.#clock, startAgainAfterMs);
      if (this.#closing || !this.#group.has(id) || this.#group.isRunning(id)) break;
      await this.startAgain(id, { withoutMajorityMs }).catch((error: Error) => {
        const code = errorCode(error);
        // Somebody was faster, or the demo is ending.
        if (code === 'NODE_RUNS' || this.#closing) return;
        this.#tape.write(code === 'NO_MAJORITY' ? 'change' : 'bad', error.message);
      });
    }
    this.#reviving.delete(id);
  }

  /** @returns how long it took */
  async #caughtUp(id: string, since: string, wait: GroupWait): Promise<number> {
    const startMs = this.#clock.monotonicMs();
    const found = `the point where ${id} has caught up`;
    try {
      await this.#group.until(found, reports => (hasCaughtUp(reports, id) ? true : undefined), wait);
    } catch (error) {
      if (errorCode(error) !== 'NO_MAJORITY') throw error;
      const detail = `${since}. ${(error as Error).message}: it catches up when they do`;
      throw new QuorateError('NO_MAJORITY', detail, { outcome: 'applied', retryable: true });
    }
    const durationMs = Math.round(this.#clock.monotonicMs() - startMs);
    this.#tape.write('change', `${since}, it has caught up in ${durationMs} ms`);
    return durationMs;
  }
}
