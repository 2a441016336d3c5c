import type { SessionId } from '@quorate/core';
import { noBytes, type SortedBytes } from './sorted-bytes.ts';
import { behind, tables, textKey, textOfKey } from './table-keys.ts';

/** A session that was opened and not ended. */
export interface SessionRecord {
  readonly ttlMs: number;
  /** When it dies, in the boot time of the machine's boot `bootId`. */
  readonly dueMs: number;
  readonly bootId: string;
  /** The thread that keeps it alive. */
  readonly host: string;
}

/** The machine's time, which all its processes share. */
export interface MachineTime {
  readonly bootId: string;
  /** Milliseconds since some moment of that boot. */
  nowMs(): number;
  /** Milliseconds since 1970, as the machine has been told. */
  wallMs(): number;
}

/** Sessions. One that is absent is dead, and so is one whose time is over or whose machine was booted since. */
export class SessionTable {
  readonly #bytes: SortedBytes;
  readonly #time: MachineTime;

  constructor(bytes: SortedBytes, time: MachineTime) {
    this.#bytes = bytes;
    this.#time = time;
  }

  /** A session, dead or alive, that nobody has ended yet. */
  get(session: string): SessionRecord | undefined {
    const record = this.#bytes.get(textKey(tables.session, session));
    return record === undefined ? undefined : decode(record);
  }

  isAlive(session: string): boolean {
    return this.lives(this.get(session));
  }

  /** Whether a session lives, by its record. */
  lives(record: SessionRecord | undefined): boolean {
    return record !== undefined && this.#leftMs(record) > 0;
  }

  /** How long it lives unless it is renewed; 0 where it is dead. */
  leftMs(session: string): number {
    const record = this.get(session);
    return record === undefined ? 0 : this.#leftMs(record);
  }

  open(session: SessionId, ttlMs: number, host: string): void {
    this.#put(session, ttlMs, host);
  }

  /** Lets it live for its whole time from now. False where it is dead. */
  renew(session: string): boolean {
    const record = this.get(session);
    if (record === undefined || this.#leftMs(record) === 0) return false;
    this.#put(session, record.ttlMs, record.host);
    return true;
  }

  /** Ends it. False where it was ended before. */
  end(session: string): boolean {
    const key = textKey(tables.session, session);
    if (this.#bytes.get(key) === undefined) return false;
    this.#bytes.remove(key);
    return true;
  }

  /** Remembers that a dead session still has entries, or that it has none any more. */
  markUnswept(session: string, isUnswept: boolean): void {
    const key = textKey(tables.dead, session);
    if (isUnswept) this.#bytes.put(key, noBytes);
    else if (this.#bytes.get(key) !== undefined) this.#bytes.remove(key);
  }

  /** Some of the dead sessions that still have entries. */
  unswept(limit: number): string[] {
    const start = Uint8Array.of(tables.dead);
    return this.#bytes.keys({ start, end: behind(start), limit }).map(textOfKey);
  }

  /** Those that are dead and that nobody has ended yet. */
  expired(): string[] {
    return this.#ids().filter(session => !this.isAlive(session));
  }

  /** Those that a host keeps alive. */
  of(host: string): string[] {
    return this.#ids().filter(session => this.get(session)?.host === host);
  }

  #ids(): string[] {
    const start = Uint8Array.of(tables.session);
    return this.#bytes.keys({ start, end: behind(start) }).map(textOfKey);
  }

  #leftMs({ dueMs, bootId }: SessionRecord): number {
    return bootId === this.#time.bootId ? Math.max(0, dueMs - this.#time.nowMs()) : 0;
  }

  #put(session: string, ttlMs: number, host: string): void {
    const dueMs = this.#time.nowMs() + ttlMs;
    this.#bytes.put(
      textKey(tables.session, session),
      encode({ ttlMs, dueMs, bootId: this.#time.bootId, host }),
    );
  }
}

function encode({ ttlMs, dueMs, bootId, host }: SessionRecord): Uint8Array {
  const bytes = Buffer.from(`${' '.repeat(17)}${host}${bootId}`, 'latin1');
  bytes.writeDoubleLE(dueMs, 0);
  bytes.writeDoubleLE(ttlMs, 8);
  bytes[16] = host.length;
  return bytes;
}

function decode(bytes: Buffer): SessionRecord {
  const hostEnd = 17 + (bytes[16] as number);
  return {
    dueMs: bytes.readDoubleLE(0),
    ttlMs: bytes.readDoubleLE(8),
    host: bytes.toString('latin1', 17, hostEnd),
    bootId: bytes.toString('latin1', hostEnd),
  };
}
