import { QuorateError, type Random, type Revision } from '@quorate/core';
import type { Change } from '../delta.ts';
import {
  decodeDelta,
  decodeMessage,
  encodeDelta,
  encodeMessage,
  type History,
  historyBytes,
  isSame,
  type LogRecord,
  type PartitionMessage,
  type Position,
} from '../partition-message.ts';
import { type AppliedChange, PartitionReplica } from '../partition-replica.ts';
import { revisionAfter } from '../revisions.ts';
import { unavailable } from '../unavailable.ts';
import type { StoredMessage, StreamApi } from './stream-api.ts';
import type { Subjects } from './subjects.ts';

/** A partition up to this size goes with every message, and so does what happened since: whoever reads one then knows all. */
const smallBytes = 4096;
/** Up to this size; then it begins anew. */
const sinceMaxBytes = 4096;
/** A larger partition is written whole once so many messages, or so many bytes, stand behind its snapshot. */
const recordsMax = 128;
const recordsMinBytes = 16_384;

/** How often a large partition is read again that was written whole while it was read. */
const readsMax = 10;

/** How many messages that were heard of are kept until it is known whether they were stored, and how many bytes of them. */
const heardMax = 64;
const heardMaxBytes = 262_144;

export interface PartitionLogOptions {
  readonly api: StreamApi;
  readonly subjects: Subjects;
  readonly token: string;
  readonly random: Random;
  /** The largest message. */
  readonly messageMaxBytes: number;
}

/**
 * A partition as its messages on the stream, and the copy that this client has of it. One question or one message is under way at
 * a time: who calls it sees to that.
 */
export class PartitionLog {
  readonly #options: PartitionLogOptions;
  readonly #subject: string;
  /** Messages that were published by anybody, stored or not, by their nonce. */
  readonly #heard = new Map<string, Pick<PartitionMessage, 'base' | 'bytes'>>();
  #heardBytes = 0;
  #replica: PartitionReplica | undefined;
  #sent = '';

  constructor(options: PartitionLogOptions) {
    this.#options = options;
    this.#subject = options.subjects.partition(options.token);
  }

  /** The copy as it was last known; undefined before the first look. */
  get replica(): PartitionReplica | undefined {
    return this.#replica;
  }

  get memoryBytes(): number {
    return (this.#replica?.memoryBytes ?? 0) + this.#heardBytes + 1024;
  }

  /** Looks at the last message, and catches up with it. @throws QuorateError `UNAVAILABLE` `not-applied` */
  async refresh(): Promise<PartitionReplica> {
    const { api } = this.#options;
    const stored = await api.lastOf(this.#subject);
    const replica = stored === undefined ? await this.#absent() : await this.#upTo(stored);
    this.#replica = replica;
    return replica;
  }

  /**
   * Publishes what is to be done to the copy as it stands.
   *
   * @returns what it did; undefined where the copy is not the latest any more, and nothing was done
   */
  async publish(bytes: Uint8Array): Promise<readonly AppliedChange[] | undefined> {
    const { api, random } = this.#options;
    const replica = this.#replica as PartitionReplica;
    const base = replica.position;
    const nonce = Buffer.from(random.bytes(8)).toString('base64url');
    const history = this.#historyFor(replica, bytes.length);
    const message = encodeMessage({ nonce, base, history, bytes });
    this.#sent = nonce;
    let sequence: number | undefined;
    try {
      sequence = await api.publish({
        subject: this.#subject,
        bytes: message,
        expected: base.sequence,
        // Not with every message: the server looks through all of its own for what to purge.
        isRollup: history?.records.length === 0,
      });
    } catch (thrown) {
      // It may be stored at any time, as what others publish.
      if (thrown instanceof QuorateError && thrown.outcome === 'unknown') this.#keepHeard(nonce, base, bytes);
      throw thrown;
    }
    if (sequence === undefined) return undefined;
    return replica.apply({ position: { sequence, nonce }, bytes });
  }

  /** Keeps a message that was heard of, and gives what it would change: nothing where that is known by now. */
  hear(message: Uint8Array): readonly Change[] {
    const { nonce, base, bytes: delta } = this.#decode(message);
    if (nonce === this.#sent || nonce === this.#replica?.position.nonce || this.#heard.has(nonce)) return [];
    // What stands on no message may come after the partition was forgotten, whatever is known of it.
    if (base.sequence !== 0 && base.sequence < (this.#replica?.position.sequence ?? 0)) return [];
    this.#keepHeard(nonce, base, delta);
    return decodeDelta(delta).changes;
  }

  #keepHeard(nonce: string, base: Position, delta: Uint8Array): void {
    this.#heard.set(nonce, { base, bytes: delta });
    this.#heardBytes += delta.length;
    for (const [oldest, { bytes }] of this.#heard) {
      if (this.#heard.size <= heardMax && this.#heardBytes <= heardMaxBytes) break;
      this.#heard.delete(oldest);
      this.#heardBytes -= bytes.length;
    }
  }

  /** Whether something was heard that may be stored any moment: it stands on the last message that is known. */
  get isUndecided(): boolean {
    const { position } = this.#replica ?? {};
    return position !== undefined && [...this.#heard.values()].some(({ base }) => isSame(base, position));
  }

  /** Deletes all messages of a partition that holds nothing, unless there is a later one; says whether it has. */
  async forget(): Promise<boolean> {
    const replica = this.#replica;
    if (replica === undefined || !replica.isEmpty || replica.position.sequence === 0) return false;
    // A message that replaces all before it, so that its deletion brings none of them back.
    replica.compact();
    const applied = await this.publish(encodeDelta({ changes: [], operations: [], ended: [] }));
    if (applied === undefined) return false;
    const { sequence } = replica.position;
    // First what revisions go on from, then the partition.
    await this.#keepForgotten(sequence);
    if (!(await this.#options.api.deleteMessage(sequence))) return false;
    this.#replica = undefined;
    return true;
  }

  /** Sees to it that revisions of what is forgotten go on after a message. Many may do so at once: each attempt that fails is another's gain. */
  async #keepForgotten(sequence: number): Promise<void> {
    const { api, subjects } = this.#options;
    const bytes = Buffer.from(`${sequence}`);
    for (;;) {
      const last = await api.lastOf(subjects.forgotten);
      if (numberIn(last) >= sequence) return;
      const expected = last?.sequence ?? 0;
      const stored = await api.publish({ subject: subjects.forgotten, bytes, expected, isRollup: true });
      if (stored !== undefined) return;
    }
  }

  /** The copy of a partition that has no messages: its revisions go on after those of all that were forgotten. */
  async #absent(): Promise<PartitionReplica> {
    if (this.#replica?.position.sequence === 0) return this.#replica;
    const { api, subjects } = this.#options;
    const last = await api.lastOf(subjects.forgotten);
    return PartitionReplica.empty(last === undefined ? (0 as Revision) : revisionAfter(numberIn(last)));
  }

  /** The copy up to a message, which is the last. */
  async #upTo(stored: StoredMessage): Promise<PartitionReplica> {
    const message = this.#decode(stored.bytes);
    const { history } = message;
    const position = { sequence: stored.sequence, nonce: message.nonce };
    const replica = this.#replica;
    if (replica !== undefined && isSame(replica.position, position)) return replica;
    const own: LogRecord = { position, bytes: message.bytes };
    // Where this fails midway the copy is of no use.
    this.#replica = undefined;
    if (replica !== undefined && (await this.#isUpTo(replica, message))) {
      replica.apply(own);
      if (history !== undefined) replica.adopt({ ...history, records: [...history.records, own] });
      this.#unhear(position.sequence);
      return replica;
    }
    if (history !== undefined)
      return new PartitionReplica({ ...history, records: [...history.records, own] });
    return this.#fromBeginning();
  }

  /** Brings a copy to what a message was judged on, without missing anything; false where that is not to be had. */
  async #isUpTo(replica: PartitionReplica, message: PartitionMessage): Promise<boolean> {
    if (this.#byHeard(replica, message.base)) return true;
    if (message.history !== undefined) return replica.catchUp(message.history);
    while (!isSame(message.base, replica.position)) {
      const next = await this.#next(replica.position.sequence + 1);
      if (next === undefined || !isSame(next.message.base, replica.position)) return false;
      replica.apply(next.record);
    }
    return true;
  }

  /** Goes back from a position over what was heard: what another message was judged on has been stored. */
  #byHeard(replica: PartitionReplica, last: Position): boolean {
    // What there was no message of may have come and gone since.
    if (replica.position.sequence === 0) return false;
    const records: LogRecord[] = [];
    for (let position = last; !isSame(position, replica.position); ) {
      const heard = this.#heard.get(position.nonce);
      if (heard === undefined) return false;
      records.unshift({ position, bytes: heard.bytes });
      position = heard.base;
    }
    for (const record of records) replica.apply(record);
    return true;
  }

  /** Reads a large partition whole. */
  async #fromBeginning(): Promise<PartitionReplica> {
    for (let attempt = 0; attempt < readsMax; attempt++) {
      const first = await this.#next(1);
      // Somebody has forgotten it meanwhile.
      if (first === undefined) return this.#absent();
      const { history } = first.message;
      // Or has written it whole, which the next attempt finds.
      if (history === undefined) continue;
      const replica = new PartitionReplica({ ...history, records: [...history.records, first.record] });
      for (;;) {
        const next = await this.#next(replica.position.sequence + 1);
        if (next === undefined) return replica;
        if (!isSame(next.message.base, replica.position)) break;
        replica.apply(next.record);
      }
    }
    throw unavailable('The partition was written again each time that it was read', false);
  }

  /** What goes before a message so that it can stand alone; undefined where that would be too much. */
  #historyFor(replica: PartitionReplica, deltaBytes: number): History | undefined {
    const { history } = replica;
    const snapshotBytes = history.snapshot.length;
    const sinceBytes = historyBytes(history) - snapshotBytes;
    if (snapshotBytes <= smallBytes && sinceBytes + deltaBytes <= sinceMaxBytes) return history;
    const roomBytes = this.#options.messageMaxBytes - deltaBytes - 256;
    const isDue =
      replica.bytes <= smallBytes ||
      history.records.length >= recordsMax ||
      sinceBytes >= Math.max(recordsMinBytes, replica.bytes / 2);
    // What follows an empty partition always stands alone: its last message may be deleted at any time.
    if (!replica.isEmpty && !(isDue && replica.bytes <= roomBytes)) return undefined;
    replica.compact();
    return replica.history;
  }

  #unhear(before: number): void {
    for (const [nonce, { base, bytes }] of this.#heard) {
      if (base.sequence >= before) continue;
      this.#heard.delete(nonce);
      this.#heardBytes -= bytes.length;
    }
  }

  /** @throws QuorateError `UNSUPPORTED` */
  #decode(bytes: Uint8Array): PartitionMessage {
    try {
      return decodeMessage(bytes);
    } catch (thrown) {
      const message = `Message on ${this.#subject} cannot be read: ${(thrown as Error).message}`;
      throw new QuorateError('UNSUPPORTED', message, { outcome: 'not-applied', cause: thrown });
    }
  }

  async #next(from: number): Promise<{ message: PartitionMessage; record: LogRecord } | undefined> {
    const stored = await this.#options.api.nextOf(this.#subject, from);
    if (stored === undefined) return undefined;
    const message = this.#decode(stored.bytes);
    const position = { sequence: stored.sequence, nonce: message.nonce };
    return { message, record: { position, bytes: message.bytes } };
  }
}

function numberIn(message: StoredMessage | undefined): number {
  return message === undefined ? 0 : Number(Buffer.from(message.bytes).toString());
}
