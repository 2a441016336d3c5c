import { createHash } from 'node:crypto';
import type { SessionId } from '@quorate/core';

/** Longer names of partitions are replaced by their hash: the server keeps all subjects in memory. */
const tokenMax = 128;

/** The subjects of a store's stream, and those beside it. */
export class Subjects {
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  /** The messages of a partition. */
  partition(token: string): string {
    return `${this.#name}.p.${token}`;
  }

  /** The last renewal of a session. */
  session(session: SessionId): string {
    return `${this.#name}.s.${session}`;
  }

  /** Says that a session has something in a partition. */
  marker(session: SessionId, token: string): string {
    return `${this.#name}.m.${session}.${token}`;
  }

  markersOf(session: SessionId | '*'): string {
    return `${this.#name}.m.${session}.*`;
  }

  get sessions(): string {
    return `${this.#name}.s.*`;
  }

  get partitions(): string {
    return `${this.#name}.p.*`;
  }

  /** The number of the last message of any partition that was forgotten. */
  get forgotten(): string {
    return `${this.#name}.f.last`;
  }

  /** Where the ends of sessions are told; not kept. */
  get ends(): string {
    return `${this.#name}-ends`;
  }
}

/** A partition's name as a token of subjects: letters, digits, `-` and `_` as they are. */
export function tokenOf(partition: string): string {
  const token = partition.replace(/[^A-Za-z0-9_-]/gu, character =>
    Buffer.from(character).toString('hex').toUpperCase().replace(/../g, '=$&'),
  );
  if (token.length <= tokenMax) return token;
  return `~${createHash('sha256').update(partition).digest('base64url')}`;
}

/** The last token of a subject. */
export function lastToken(subject: string): string {
  return subject.slice(subject.lastIndexOf('.') + 1);
}

/** Whether an id can be one that a store on NATS gave: no other was ever alive. */
export function isOurs(session: SessionId): boolean {
  return /^[A-Za-z0-9_-]{22}$/.test(session);
}
