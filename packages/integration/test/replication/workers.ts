import { type NodeId, QuorateError, type Random, sleep, systemClock } from '@quorate/core';
import {
  type ClientSession,
  createReplicaClient,
  type ReplicaClient,
  type SessionOperation,
} from '@quorate/replication';
import type { Requests } from '@quorate/transport';
import { encodeCommand, type LedgerCommand } from './ledger-machine.ts';
import { directMethods } from './node-task.ts';
import type { KeyInput, Recorder } from './recorder.ts';
import { SequenceSet } from './sequence-set.ts';

/** What all workers of a campaign have in common. */
export interface Shift {
  readonly requests: Requests;
  readonly members: readonly NodeId[];
  readonly recorder: Recorder;
  readonly random: Random;
  /** Nothing is begun after this. */
  readonly over: AbortSignal;
  /** Nobody waits longer than this. */
  readonly givenUp: AbortSignal;
}

/** What became of a worker's writes, by their number. */
export interface Fates {
  readonly asked: SequenceSet;
  readonly acknowledged: SequenceSet;
  readonly refused: SequenceSet;
}

const keyCount = 3;
/** Keys are new after so long, so that the history of none is long. */
const keysMs = 5000;
const padMax = 4000;
const attemptMs = 400;
const decoder = new TextDecoder();

function freshFates(): Fates {
  return { asked: new SequenceSet(), acknowledged: new SequenceSet(), refused: new SequenceSet() };
}

function someKey(random: Random): string {
  return `${Math.floor(systemClock.monotonicMs() / keysMs)}-${random.below(keyCount)}`;
}

function valueOf(answer: Uint8Array): number | null {
  return JSON.parse(decoder.decode(answer)) as number | null;
}

/** Finds the leader and writes in a session, the same operation until its outcome is known; reads in between. */
export class RoamingWorker {
  readonly name: string;
  readonly fates: Fates = freshFates();
  readonly #shift: Shift;
  readonly #random: Random;
  readonly #client: ReplicaClient;
  readonly #base: number;
  #session: ClientSession | undefined;
  #sequence = 0;
  readonly #seen = new Map<string, number | null>();

  constructor(shift: Shift, index: number) {
    const { requests, members, random } = shift;
    this.name = `roaming-${index}`;
    this.#shift = shift;
    this.#random = random.fork(this.name);
    this.#base = (index + 1) * 10_000_000;
    const first = index % members.length;
    const order = [...members.slice(first), ...members.slice(0, first)];
    this.#client = createReplicaClient({ requests, members: order, attemptMs, random: this.#random });
  }

  async work(): Promise<void> {
    while (!this.#shift.over.aborted) {
      this.#session ??= await this.#open();
      const key = someKey(this.#random);
      if (this.#random.below(2) === 0) await this.#read(key);
      else await this.#write(key);
      await sleep(systemClock, this.#random.below(30));
    }
  }

  async #open(): Promise<ClientSession | undefined> {
    try {
      return await this.#client.openSession({ signal: this.#shift.over });
    } catch (thrown) {
      this.#shift.recorder.failed(thrown);
      return undefined;
    }
  }

  async #read(key: string): Promise<void> {
    const mode = (['linearizable', 'lease', 'follower'] as const)[this.#random.below(3)];
    const result = await this.#shift.recorder.record(this.name, { type: 'read', key }, async () =>
      valueOf(await this.#client.read(Buffer.from(key), { mode, deadlineMs: 3000 })),
    );
    if ('output' in result) this.#seen.set(key, result.output);
  }

  async #write(key: string): Promise<void> {
    const session = this.#session;
    if (session === undefined) return;
    const operation = session.begin();
    const sequence = ++this.#sequence;
    const value = this.#base + sequence;
    const compares = this.#random.below(3) === 0;
    const from = this.#seen.get(key) ?? null;
    const command = { worker: this.name, sequence, key, value, ...(compares ? { from } : {}) };
    const bytes = encodeCommand(command, this.#random.below(padMax));
    const input: KeyInput = compares ? { type: 'cas', key, from, to: value } : { type: 'write', key, value };
    this.fates.asked.add(sequence);
    const result = await this.#shift.recorder.record(this.name, input, async () => {
      const reply = await this.#untilKnown(bytes, operation);
      return reply?.[0] === 1;
    });
    if (!('output' in result)) {
      // Its number in the session is taken by what may never have been applied.
      this.#session = undefined;
      if (result.outcome === 'not-applied') this.fates.refused.add(sequence);
      return;
    }
    session.settle(operation);
    this.fates.acknowledged.add(sequence);
    if (result.output) this.#seen.set(key, value);
  }

  /** One call is over after a while; the same operation goes on in another. */
  async #untilKnown(command: Uint8Array, session: SessionOperation): Promise<Uint8Array | undefined> {
    let isUnknown = false;
    for (;;) {
      const limits = { signal: this.#shift.givenUp, deadlineMs: 1000 + this.#random.below(2000) };
      try {
        return (await this.#client.write(command, { session, ...limits })).reply;
      } catch (thrown) {
        if (!(thrown instanceof QuorateError)) throw thrown;
        isUnknown ||= thrown.outcome !== 'not-applied';
        if (thrown.code !== 'DEADLINE_EXCEEDED') {
          const outcome = isUnknown ? 'unknown' : 'not-applied';
          throw new QuorateError(thrown.code, thrown.message, { outcome });
        }
        this.#shift.recorder.failed(thrown);
      }
    }
  }
}

/** Writes at one replica alone, each command once: what becomes of it may stay unknown. */
export class PinnedWriter {
  readonly name: string;
  readonly fates: Fates = freshFates();
  readonly #shift: Shift;
  readonly #random: Random;
  readonly #at: NodeId;
  readonly #base: number;

  constructor(shift: Shift, index: number) {
    this.#at = shift.members[index] as NodeId;
    this.name = `pinned-${this.#at}`;
    this.#shift = shift;
    this.#random = shift.random.fork(this.name);
    this.#base = (index + 101) * 10_000_000;
  }

  async work(): Promise<void> {
    const { requests, recorder, over } = this.#shift;
    for (let sequence = 1; !over.aborted; sequence++) {
      const key = someKey(this.#random);
      const value = this.#base + sequence;
      const command: LedgerCommand = { worker: this.name, sequence, key, value };
      const bytes = encodeCommand(command, this.#random.below(padMax));
      this.fates.asked.add(sequence);
      const result = await recorder.record(this.name, { type: 'write', key, value }, async () => {
        await requests.request(this.#at, directMethods.write, bytes, { deadlineMs: 1500 });
        return undefined;
      });
      if ('output' in result) this.fates.acknowledged.add(sequence);
      else if (result.outcome === 'not-applied') this.fates.refused.add(sequence);
      await sleep(systemClock, 15 + this.#random.below(15));
    }
  }
}

/**
 * Reads at one replica alone, again and again without waiting for an answer: when it goes on after it stood still, or is no
 * leader any more and does not know, there are reads that began after what others have written since.
 */
export class PinnedReader {
  readonly #shift: Shift;
  readonly #random: Random;
  readonly #at: NodeId;
  #count = 0;

  constructor(shift: Shift, index: number) {
    this.#at = shift.members[index] as NodeId;
    this.#shift = shift;
    this.#random = shift.random.fork(`reads at ${this.#at}`);
  }

  async work(): Promise<void> {
    const reads = new Set<Promise<void>>();
    while (!this.#shift.over.aborted) {
      const read = this.#read();
      reads.add(read);
      void read.finally(() => reads.delete(read));
      await sleep(systemClock, 10 + this.#random.below(20));
    }
    await Promise.all(reads);
  }

  async #read(): Promise<void> {
    const { requests, recorder } = this.#shift;
    const key = someKey(this.#random);
    const mode = (['lease', 'lease', 'lease', 'linearizable', 'follower'] as const)[this.#random.below(5)];
    const body = Buffer.from(`${mode} ${key}`);
    const process = `${mode} at ${this.#at}, ${++this.#count}`;
    await recorder.record(process, { type: 'read', key }, async () =>
      valueOf(await requests.request(this.#at, directMethods.read, body, { deadlineMs: 4000 })),
    );
  }
}
