import type { Random } from '@quorate/core';
import type { DraftOptions } from '../draft.ts';
import type { Marks } from './marks.ts';
import { Partition, type PartitionListener } from './partition.ts';
import type { StreamApi } from './stream-api.ts';
import type { Subjects } from './subjects.ts';

export interface PartitionsOptions extends DraftOptions {
  readonly api: StreamApi;
  readonly subjects: Subjects;
  readonly marks: Marks;
  readonly random: Random;
  readonly messageMaxBytes: number;
  /** How much memory copies of partitions may take together, beside those that are in use. */
  readonly cacheMaxBytes: number;
}

interface Followed {
  readonly unsubscribe: () => void;
  listeners: number;
}

/** The partitions that this client has to do with: those used last are kept, as many as their bytes allow. */
export class Partitions {
  readonly #options: PartitionsOptions;
  /** By token, those used last at the end. */
  readonly #partitions = new Map<string, Partition>();
  readonly #bytes = new Map<Partition, number>();
  readonly #followed = new Map<string, Followed>();
  readonly #stop: () => void;
  #totalBytes = 0;

  constructor(options: PartitionsOptions) {
    this.#options = options;
    this.#stop = options.api.requests.onConnection(() => {
      for (const partition of this.#partitions.values()) partition.distrust();
    });
  }

  /** How many are kept, and what they take. */
  get size(): { readonly count: number; readonly bytes: number } {
    return { count: this.#partitions.size, bytes: this.#totalBytes };
  }

  get tokens(): readonly string[] {
    return [...this.#partitions.keys()];
  }

  /** The partition of a token of subjects. */
  of(token: string): Partition {
    const partition = this.#partitions.get(token) ?? this.#make(token);
    this.#partitions.delete(token);
    this.#partitions.set(token, partition);
    return partition;
  }

  /** Hears what is published in a partition for as long as somebody listens. */
  listen(token: string, listener: PartitionListener): () => void {
    const partition = this.of(token);
    const remove = partition.listen(listener);
    const followed = this.#followed.get(token) ?? this.#follow(token, partition);
    followed.listeners++;
    return () => {
      remove();
      if (--followed.listeners > 0) return;
      this.#followed.delete(token);
      followed.unsubscribe();
    };
  }

  /** Hears nothing any more, also where somebody who follows a watch has not come back to find it ended. */
  close(): void {
    this.#stop();
    for (const { unsubscribe } of this.#followed.values()) unsubscribe();
  }

  #make(token: string): Partition {
    const { marks } = this.#options;
    const partition: Partition = new Partition({
      ...this.#options,
      token,
      mark: sessions => marks.mark(sessions, token),
      onRest: () => this.#onRest(token, partition),
    });
    return partition;
  }

  #follow(token: string, partition: Partition): Followed {
    const { api, subjects } = this.#options;
    const unsubscribe = api.requests.subscribe(subjects.partition(token), message =>
      hear(partition, message.data),
    );
    const followed = { unsubscribe, listeners: 0 };
    this.#followed.set(token, followed);
    return followed;
  }

  /** Counts what a partition takes now, and lets go of those that were used longest ago. */
  #onRest(name: string, partition: Partition): void {
    if (this.#partitions.get(name) !== partition) return;
    this.#count(partition, partition.log.memoryBytes);
    for (const [token, oldest] of this.#partitions) {
      if (this.#totalBytes <= this.#options.cacheMaxBytes) return;
      if (!oldest.isIdle) continue;
      this.#partitions.delete(token);
      this.#count(oldest, 0);
      this.#bytes.delete(oldest);
    }
  }

  #count(partition: Partition, bytes: number): void {
    this.#totalBytes += bytes - (this.#bytes.get(partition) ?? 0);
    this.#bytes.set(partition, bytes);
  }
}

function hear(partition: Partition, message: Uint8Array): void {
  try {
    partition.hear(message);
  } catch {
    // Nothing of ours: whoever looks is told so.
    partition.doubt();
  }
}
