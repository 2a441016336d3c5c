import type { NodeId } from '@quorate/core';
import { type Member, State } from './member.ts';
import type { MessageWriter } from './message-writer.ts';

interface News {
  readonly member: Member;
  /** Who is named as the accuser; of a suspicion, the one whose word is news. */
  readonly accuser: NodeId | '';
  isStale: boolean;
}

/** How much that was replaced is held at least before it is looked for. */
const staleMin = 64;

/**
 * What this member has to tell on, each so many times, what was told least first (SWIM, §4.1: piggybacked on probes and answers).
 *
 * What is sent is what is believed when it is sent; newer news of a member replace older.
 */
export class NewsQueue {
  readonly #byMember: Map<NodeId, News> = new Map();
  /** By how often they were sent. */
  readonly #sent: News[][] = [];
  #staleCount = 0;

  /** How many members there is news of. */
  get size(): number {
    return this.#byMember.size;
  }

  /** How much it holds, with what has been replaced and was not dropped yet. */
  get heldCount(): number {
    return this.#sent.reduce((count, waiting) => count + waiting.length, 0);
  }

  has(id: NodeId): boolean {
    return this.#byMember.has(id);
  }

  add(member: Member, accuser: NodeId | '' = ''): void {
    const older = this.#byMember.get(member.id);
    if (older !== undefined) {
      older.isStale = true;
      this.#staleCount++;
    }
    const news: News = { member, accuser, isStale: false };
    this.#byMember.set(member.id, news);
    this.#of(0).push(news);
    if (this.#staleCount > staleMin + this.#byMember.size) this.#dropStale();
  }

  /**
   * Writes as much as fits, and drops what has been sent `transmits` times with this one.
   *
   * @param maxBytes how long the message may become; the first news may go beyond it, or it would never leave
   */
  write(writer: MessageWriter, maxBytes: number, transmits: number): void {
    if (this.#byMember.size === 0) return;
    const written: [News, number][] = [];
    let isFull = false;
    for (let count = 0; count < this.#sent.length && !isFull; count++) {
      const waiting = this.#sent[count] as News[];
      for (let news = waiting.pop(); news !== undefined; news = waiting.pop()) {
        if (news.isStale) {
          this.#staleCount--;
          continue;
        }
        if (!writeNews(writer, news, written.length === 0 ? undefined : maxBytes)) {
          waiting.push(news);
          isFull = true;
          break;
        }
        written.push([news, count + 1]);
      }
    }
    for (const [news, count] of written) {
      if (count < transmits) this.#of(count).push(news);
      else this.#byMember.delete(news.member.id);
    }
  }

  /** Where little is sent, what has been replaced would pile up. */
  #dropStale(): void {
    for (const [count, waiting] of this.#sent.entries())
      this.#sent[count] = waiting.filter(({ isStale }) => !isStale);
    this.#staleCount = 0;
  }

  #of(count: number): News[] {
    return (this.#sent[count] ??= []);
  }
}

function writeNews(writer: MessageWriter, { member, accuser }: News, maxBytes: number | undefined): boolean {
  const { state } = member;
  const isAccused = state === State.suspect || state === State.dead;
  const choice = {
    state,
    accuser: isAccused ? accuser || member.accuser : '',
    // Who has never heard of it learns nothing from its death.
    withDetails: state === State.alive,
  };
  return writer.record(member, choice, maxBytes);
}

/** How often each news is sent by each member: `λ · ceil(log10(n + 1))`. */
export function transmitsFor(factor: number, liveCount: number): number {
  return Math.max(1, Math.ceil(factor * Math.ceil(Math.log10(liveCount + 1))));
}
