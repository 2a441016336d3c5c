import {
  type BatchWrite,
  type Condition,
  type Entry,
  errorCode,
  type OperationId,
  type Revision,
  type Session,
  type Store,
  StorePartition,
} from '@quorate/core';
import { equal, ok, shown } from './expect.ts';
import { bytes, operations, type StoreStage } from './store-stage.ts';

/** One step as both sides take it: what it is called, and how each takes it. */
export interface HistoryStep {
  readonly text: string;
  readonly model: (partition: StorePartition) => unknown;
  readonly actual: (store: Store) => Promise<unknown>;
}

/** Which revision a condition names, if any. */
export type Named = 'right' | 'stale';

/**
 * One partition of a store beside the model of what a partition is. Steps are taken one at a time, by any of several clients; after
 * each the two must have said the same. A store counts revisions in its own way, so its revisions and the keys that it makes of
 * them are compared by which step they came from.
 */
export class StoreHistory {
  readonly stage: StoreStage;
  readonly partition: string;
  readonly model: StorePartition = new StorePartition();
  readonly steps: string[] = [];
  readonly #stores: readonly Store[];
  /** The store's revisions and keys by the model's. */
  readonly #revisions = new Map<number, Revision>([[0, 0 as Revision]]);
  readonly #keys = new Map<string, string>();
  readonly #sessions: Session[] = [];
  readonly #sequences = new Map<Session, () => OperationId>();
  #lastRevision = 0;

  constructor(stage: StoreStage, stores: readonly Store[]) {
    this.stage = stage;
    this.#stores = stores;
    this.partition = stage.partition();
  }

  get anyStore(): Store {
    return this.#pick(this.#stores);
  }

  below(bound: number): number {
    return this.stage.random.below(bound);
  }

  /** One of two or three sessions that live. */
  async anySession(): Promise<Session> {
    if (this.#sessions.length < 2 || (this.#sessions.length < 3 && this.below(4) === 0)) {
      const session = await this.stage.session(this.anyStore);
      this.#sessions.push(session);
      this.#sequences.set(session, operations(session));
    }
    return this.#pick(this.#sessions);
  }

  /** The next operation of some session. */
  async nextOperation(): Promise<OperationId> {
    const session = await this.anySession();
    return (this.#sequences.get(session) as () => OperationId)();
  }

  /** A key by its name; sometimes one that was enqueued. */
  anyKey(): string {
    const queued = [...this.#keys.keys()];
    if (queued.length > 0 && this.below(5) === 0) return this.#pick(queued);
    return `${this.partition}/${this.#pick(['a', 'b', 'ab', 'n', 'q/0'])}`;
  }

  /** A condition on a key as both sides put it. */
  condition(
    key: string,
    kind: keyof AnyCondition,
    named: Named,
  ): readonly [model: Condition, actual: Condition] {
    if (kind === 'absent') return [{ absent: true }, { absent: true }];
    const right = this.model.get(key)?.[kind];
    const known = [...this.#revisions.keys()];
    const revision = (named === 'right' && right !== undefined ? right : this.#pick(known)) as Revision;
    const actual = this.#revisions.get(revision) as Revision;
    return kind === 'modified'
      ? [{ modified: revision }, { modified: actual }]
      : [{ created: revision }, { created: actual }];
  }

  /** A revision that both sides know, each in its own way. */
  anyRevision(): readonly [model: Revision, actual: Revision] {
    return this.#pick([...this.#revisions] as [Revision, Revision][]);
  }

  /** What the store calls a key of the model. */
  keyOf(key: string): string {
    return this.#keys.get(key) ?? key;
  }

  /** The same write, of a key of the model, for the store. */
  writeOf(write: BatchWrite): BatchWrite {
    return { ...write, key: this.keyOf(write.key) };
  }

  /** Has both sides take a step, and compares what they say. */
  async take({ text, model, actual }: HistoryStep): Promise<void> {
    this.steps.push(text);
    const said = await this.stage.within(`the store answers to ${text}`, outcomeOf(actual(this.anyStore)));
    const expected = await outcomeOf((async () => model(this.model))());
    this.#learn(expected, said);
    this.compare(this.translate(expected), said, text);
  }

  /** Ends a session, and waits until the store has deleted its entries. */
  async endSession(): Promise<void> {
    const session = await this.anySession();
    this.steps.push(`end ${session.id}`);
    this.#sessions.splice(this.#sessions.indexOf(session), 1);
    await this.stage.within('a session is ended', session[Symbol.asyncDispose]());
    this.model.endSession(session.id);
    const swept = async (): Promise<void> => {
      for (;;) {
        const { entries } = await this.anyStore.list(this.partition);
        if (entries.every(entry => entry.session !== session.id)) return;
        await this.stage.sleep(10);
      }
    };
    await this.stage.within('its entries are deleted', swept());
  }

  /** Everything that the model holds, as the store must hold it. */
  get truth(): readonly Entry[] {
    const query = {
      prefix: this.partition,
      createdBefore: Number.POSITIVE_INFINITY,
      newestFirst: false,
      limit: 1000,
    };
    return this.translate(this.model.list(query).entries) as Entry[];
  }

  /** @throws Error with the steps that led there */
  compare(expected: unknown, actual: unknown, what: string): void {
    equal(actual, expected, `${what}, after ${this.steps.slice(0, -1).join('; ')}`);
  }

  /** What the model says, in the store's revisions and keys. */
  translate(value: unknown): unknown {
    if (value instanceof Uint8Array || typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map(item => this.translate(item));
    return Object.fromEntries(
      Object.entries(value).map(([name, field]) => {
        if (['created', 'modified', 'revision'].includes(name))
          return [name, this.#revisions.get(field as number)];
        if (name === 'key') return [name, this.keyOf(field as string)];
        return [name, this.translate(field)];
      }),
    );
  }

  /** Remembers which of the store's revisions and keys stands for which of the model's. */
  #learn(expected: unknown, said: unknown): void {
    const [one, other] = [expected ?? {}, said ?? {}] as [Partial<Said>, Partial<Said>];
    if (one.outcome === 'applied' && other.self !== undefined && one.self !== undefined) {
      this.#keys.set(one.self.key, other.self.key);
      this.#pair(one.self.modified, other.self.modified);
    }
    if (one.outcome === 'applied' && one.revision !== undefined && other.revision !== undefined) {
      this.#pair(one.revision, other.revision);
    }
  }

  #pair(model: Revision, actual: Revision): void {
    if (this.#revisions.has(model)) return;
    ok(
      actual > this.#lastRevision,
      `revisions grow: ${actual} came after ${this.#lastRevision}: ${this.steps.join('; ')}`,
    );
    this.#lastRevision = actual;
    this.#revisions.set(model, actual);
  }

  #pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)] as Item;
  }
}

/** The kinds of conditions. */
export interface AnyCondition {
  readonly absent: true;
  readonly modified: Revision;
  readonly created: Revision;
}

interface Said {
  readonly outcome: string;
  readonly revision: Revision;
  readonly self: Entry;
}

/** What a call says, its refusals included. */
async function outcomeOf(call: Promise<unknown>): Promise<unknown> {
  try {
    const result = (await call) as { readonly outcome?: unknown; readonly cause?: unknown } | undefined;
    if (result?.outcome === 'unknown') return { outcome: 'unknown', code: errorCode(result.cause) };
    return result;
  } catch (thrown) {
    if (thrown instanceof RangeError) return { refused: 'RangeError' };
    if (errorCode(thrown) === 'OPERATION_SUPERSEDED')
      return { outcome: 'unknown', code: 'OPERATION_SUPERSEDED' };
    throw new Error(`It threw ${shown(thrown)}`, { cause: thrown });
  }
}

/** A value of a few bytes, sometimes a number. */
export function anyValue(history: StoreHistory): Uint8Array {
  const texts = ['', '1', '-7', 'x', `${history.below(1000)}`, `${2n ** 63n - 1n}`];
  return bytes(texts[history.below(texts.length)] as string);
}
