import { type Clock, linkSignal, sleep, type WaitOptions } from '@quorate/core';
import type { Handover } from './handover.ts';
import type { Limits } from './limits.ts';
import type { FinalReply, Operation, Reply } from './operation.ts';
import type { Partition } from './partition.ts';
import type { PeerClient } from './peer-client.ts';
import { asProblem, Problem } from './problem.ts';
import { parseView, type ViewRecord } from './view.ts';

/** How often operations are sent again because views differed. Each time, at least one of the two has learnt the newer one. */
const attemptsMax = 8;
const retryPauseMs = 20;

/**
 * Finds the owner of each key and has the operation done there.
 *
 * A node that a client talks to forwards to the owner, once. The owner does what it owns and never passes anything on; what
 * it does not own it answers as `moved`. With each forwarded batch travels the sender's epoch:
 *
 * - The receiver's view is older: it refuses (409 `VIEW_BEHIND`, nothing done); the sender sends its view and tries again.
 * - The receiver's view is newer: it does what it owns, and its view comes back with the answer; the sender adopts it and
 *   routes what is left anew.
 *
 * Operations on one key in one batch are done in their order.
 */
export class Router {
  readonly #self: string;
  readonly #partition: Partition;
  readonly #handover: Handover;
  readonly #peers: PeerClient;
  readonly #clock: Clock;
  readonly #limits: Limits;
  forwarded = 0;
  served = 0;

  constructor(
    self: string,
    partition: Partition,
    handover: Handover,
    peers: PeerClient,
    clock: Clock,
    limits: Limits,
  ) {
    this.#self = self;
    this.#partition = partition;
    this.#handover = handover;
    this.#peers = peers;
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Takes a view over and starts what follows from it. @throws Problem `VIEW_GAP`, `CHANGE_RUNNING` */
  adopt(record: ViewRecord): void {
    if (this.#partition.adopt(record) === 'adopted') this.#handover.start();
  }

  /** Does operations wherever their keys live. One reply for each; a failure of one is its reply, not an exception. */
  async execute(operations: readonly Operation[], wait: WaitOptions): Promise<FinalReply[]> {
    const replies = Array.from<Reply>({ length: operations.length });
    let open = operations.map((_, position) => position);
    using linked = linkSignal(this.#clock, wait);
    for (let attempt = 1; open.length > 0; attempt++) {
      const rest = { signal: linked.signal, deadlineMs: linked.remainingMs() };
      const groups = this.#groupByOwner(operations, open);
      await Promise.all(
        [...groups].map(([owner, group]) => this.#send(owner, group, operations, replies, rest)),
      );
      open = open.filter(position => replies[position]?.kind === 'moved');
      if (open.length === 0) break;
      if (attempt === attemptsMax || linked.signal.aborted) {
        for (const position of open) replies[position] = this.#refused(stillMoving());
        break;
      }
      await sleep(this.#clock, retryPauseMs, { signal: linked.signal }).catch(() => {});
    }
    return replies as FinalReply[];
  }

  /**
   * Does the operations that are owned here, after pulling what is still with an old owner; answers `moved` for the others.
   *
   * A wait may bring a new view, so places are looked up again afterwards, until one turn finds everything here or elsewhere.
   */
  async executeLocally(operations: readonly Operation[], wait: WaitOptions): Promise<Reply[]> {
    using linked = linkSignal(this.#clock, wait);
    const pull = ([source, keys]: [string, string[]]): Promise<void> =>
      this.#handover.pullKeys(source, keys, linked.signal);
    for (;;) {
      const pending = this.#pendingKeys(operations);
      if (pending.size === 0) return this.#applyAll(operations);
      try {
        await Promise.all([...pending].map(pull));
      } catch (error) {
        // One source that fails must not refuse the keys of the others.
        const problem = asProblem(error);
        return this.#applyAll(operations, problem);
      }
    }
  }

  #groupByOwner(operations: readonly Operation[], open: readonly number[]): Map<string, number[]> {
    const { view } = this.#partition;
    const groups = new Map<string, number[]>();
    for (const position of open) {
      const owner = view.owner((operations[position] as Operation).key);
      const group = groups.get(owner);
      if (group === undefined) groups.set(owner, [position]);
      else group.push(position);
    }
    return groups;
  }

  #pendingKeys(operations: readonly Operation[]): Map<string, string[]> {
    const pending = new Map<string, string[]>();
    for (const { key } of operations) {
      const place = this.#partition.placeOf(key);
      if (place.kind !== 'pending') continue;
      const keys = pending.get(place.source);
      if (keys === undefined) pending.set(place.source, [key]);
      else keys.push(key);
    }
    return pending;
  }

  /** @param whyPending What a key that has not come is answered with */
  #applyAll(operations: readonly Operation[], whyPending?: Problem): Reply[] {
    const { answerBytesMax } = this.#limits;
    let byteCount = 0;
    return operations.map(operation => {
      const reply = this.#applyHere(operation, whyPending);
      if (reply.kind !== 'found') return reply;
      byteCount += reply.value.length;
      return byteCount <= answerBytesMax ? reply : this.#refused(answerTooLarge(answerBytesMax));
    });
  }

  #applyHere(operation: Operation, whyPending?: Problem): Reply {
    const { kind } = this.#partition.placeOf(operation.key);
    if (kind === 'pending' && whyPending !== undefined) return this.#refused(whyPending);
    if (kind !== 'here') return { kind: 'moved', epoch: this.#partition.epoch };
    try {
      this.served++;
      return this.#partition.apply(operation);
    } catch (error) {
      return this.#refused(asProblem(error));
    }
  }

  async #send(
    owner: string,
    group: readonly number[],
    operations: readonly Operation[],
    replies: Reply[],
    wait: WaitOptions,
  ): Promise<void> {
    const batch = group.map(position => operations[position] as Operation);
    const here = owner === this.#self;
    const answers = here ? await this.executeLocally(batch, wait) : await this.#forward(owner, batch, wait);
    for (const [index, position] of group.entries()) replies[position] = answers[index] as Reply;
  }

  async #forward(owner: string, batch: readonly Operation[], wait: WaitOptions): Promise<readonly Reply[]> {
    const { view } = this.#partition;
    try {
      this.forwarded += batch.length;
      const answer = await this.#peers.forward(view.urlOf(owner), view.epoch, batch, wait);
      if (answer.view !== undefined) this.#learn(answer.view);
      return answer.replies;
    } catch (error) {
      const problem = asProblem(error);
      if (problem.code !== 'VIEW_BEHIND')
        return batch.map(operation => ownerFailed(owner, operation, problem));
      await this.#peers.sendView(view.urlOf(owner), view.record, wait).catch(() => {});
      return batch.map(() => ({ kind: 'moved', epoch: view.epoch }));
    }
  }

  /** A view that cannot follow ours yet is left alone: the supervisor is about to send the one in between. */
  #learn(view: unknown): void {
    try {
      this.adopt(parseView(view));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
    }
  }

  #refused(problem: Problem): FinalReply {
    return { kind: 'refused', problem: problem.body };
  }
}

/** What a client is told when the owner could not be asked. A read that failed has changed nothing, whatever happened. */
function ownerFailed(owner: string, operation: Operation, cause: Problem): Reply {
  const outcome = operation.kind === 'get' ? 'not-applied' : cause.outcome;
  const unreachable = cause.code === 'PEER_UNREACHABLE' || cause.code === 'PEER_TIMEOUT';
  const code = unreachable ? 'OWNER_UNREACHABLE' : cause.code;
  const detail = unreachable
    ? `The owner of the key, ${owner}, is out of reach: ${cause.message}`
    : cause.message;
  const { retryable } = cause;
  return { kind: 'refused', problem: new Problem(cause.status, code, detail, { outcome, retryable }).body };
}

function answerTooLarge(bytesMax: number): Problem {
  const detail = `A node answers a batch with at most ${bytesMax} bytes of values: ask for the rest in another`;
  return new Problem(413, 'ANSWER_TOO_LARGE', detail);
}

function stillMoving(): Problem {
  return new Problem(503, 'OWNER_MOVING', 'The nodes did not agree on the owner of the key in time', {
    retryable: true,
  });
}
