import { partitionOf, type QueueCapabilities, QueuePartition, type QueueStep } from '@quorate/core';
import type { Device } from '../device.ts';
import type { LinkedService } from '../store/store-link.ts';

/** What is watched: that something is ready in a queue, or that a state record changed. */
export type HintKind = 'ready' | 'state';

interface Hint {
  readonly index: number;
  readonly kind: HintKind;
  /** Of the queue, or of the record. */
  readonly name: string;
}

/** What a watch is answered. `names` is undefined where some are forgotten. */
export interface HintAnswer {
  readonly names: readonly string[] | undefined;
  /** What the answer reaches up to. */
  readonly upTo: number;
}

interface Listener {
  readonly kind: HintKind;
  readonly prefix: string;
  readonly after: number;
  readonly reply: (answer: HintAnswer) => void;
}

/** A partition, and what it lately told. */
interface Cell {
  readonly partition: QueuePartition;
  readonly hints: Hint[];
  readonly listeners: Set<Listener>;
  hintCount: number;
}

/** How many hints of a partition watchers can catch up on. */
const hintsMax = 1000;

/** How long a watch waits at the service before it is answered that nothing happened. */
const watchUs = 1_000_000;

/**
 * The service behind every simulated queue store of a run: one copy of the truth that changes one request at a time, and never
 * fails itself. What can fail is the way to it, which is the clients' part.
 *
 * Leases and delays end by true simulated time and by nothing else: a client's clock may drift, jump or stand still.
 */
export class SimQueueService implements LinkedService {
  readonly capabilities: QueueCapabilities = {
    durability: 'quorum',
    atomicSettle: true,
    atomicPut: true,
    transactionalPut: false,
    crossProcess: true,
    lease: { readyAt: true, lanes: true, oneActivePerKey: true },
    abandon: true,
    leaseGranularityMs: 1,
    bodyMaxBytes: 1_048_576,
  };
  readonly device: Device;
  readonly reachable: LinkedService['reachable'];
  readonly watchUs: number = watchUs;
  readonly #cells = new Map<string, Cell>();

  /**
   * @param device of a host that never crashes
   * @param reachable whether a node and the service can hear each other now
   */
  constructor(device: Device, reachable: LinkedService['reachable']) {
    this.device = device;
    this.reachable = reachable;
  }

  nowMs(): number {
    return Math.floor(this.device.nowUs / 1000);
  }

  /** Does one step in the partition of a queue or key, which begins empty, and tells whoever watches. */
  step<Result>({ name, call, run }: QueueStep<Result>): Result {
    const cell = this.#cell(name);
    const before = cell.partition.revision;
    const result = run(cell.partition, this.nowMs());
    const text = `${before} to ${cell.partition.revision}`;
    this.device.trace({ type: 'store', action: `${call} in ${name}`, text });
    for (const listener of cell.listeners) {
      if (answerIfAny(cell, listener)) cell.listeners.delete(listener);
    }
    return result;
  }

  /** How much the partition of a queue or key has told so far. */
  position(name: string): number {
    return this.#cell(name).hintCount;
  }

  /** Answers with what was told after `after` as soon as there is something, and in any case after a while. */
  watch(kind: HintKind, prefix: string, after: number, reply: (answer: HintAnswer) => void): void {
    const cell = this.#cell(prefix);
    const listener: Listener = { kind, prefix, after, reply };
    if (answerIfAny(cell, listener)) return;
    cell.listeners.add(listener);
    this.device.after(watchUs, () => {
      if (cell.listeners.delete(listener)) reply({ names: [], upTo: cell.hintCount });
    });
  }

  #cell(name: string): Cell {
    const partitionName = partitionOf(name);
    const known = this.#cells.get(partitionName);
    if (known !== undefined) return known;
    const told = (kind: HintKind) => (what: string) => {
      cell.hints.push({ index: ++cell.hintCount, kind, name: what });
      if (cell.hints.length > hintsMax) cell.hints.shift();
    };
    const partition = new QueuePartition({ onReady: told('ready'), onState: told('state') });
    const cell: Cell = { partition, hints: [], listeners: new Set(), hintCount: 0 };
    this.#cells.set(partitionName, cell);
    return cell;
  }
}

function answerIfAny({ hints, hintCount }: Cell, { kind, prefix, after, reply }: Listener): boolean {
  const [first] = hints;
  if (first !== undefined && first.index > after + 1) {
    reply({ names: undefined, upTo: hintCount });
    return true;
  }
  const concerns = ({ name }: Hint): boolean =>
    kind === 'ready' ? name === prefix : name.startsWith(prefix);
  const names = hints
    .slice(after - hintCount + hints.length)
    .filter(hint => hint.kind === kind && concerns(hint))
    .map(({ name }) => name);
  if (names.length === 0) return false;
  reply({ names: [...new Set(names)], upTo: hintCount });
  return true;
}
