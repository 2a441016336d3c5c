import type { StoreFaults } from '@quorate/conformance';
import { ManualClock, type Random, seededRandom } from '@quorate/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Hold, Lock, Lockable, Locks, ReadLock } from '../src/index.ts';
import { Stand, turn } from './stand.ts';

const runs = process.env['QUORATE_LONG'] === undefined ? 150 : 5000;

/** A process with a clock of its own, which stands still while the process does. */
interface Process {
  locks: Locks;
  readonly clock: ManualClock;
  isStopped: boolean;
  missedMs: number;
}

interface Held {
  readonly process: Process;
  readonly hold: Hold;
  /** The read lock that it was upgraded from. */
  readonly from?: Held;
}

/** Who holds what, by the words of those who run. */
class Resource {
  readonly #held = new Set<Held>();
  readonly #fences = new Set<bigint>();
  #highest = 0n;
  readonly #max: number;

  /** @param max of who holds it at a time; 0 for any number of readers, or one that writes */
  constructor(max: number) {
    this.#max = max;
  }

  enter(held: Held): void {
    // Whoever lost it says so, and whoever is stopped does nothing.
    for (const other of this.#held) if (other.hold.remainingMs() === 0) this.#held.delete(other);
    this.#held.add(held);
    const acting = [...this.#held].filter(({ process }) => !process.isStopped);
    const writer = acting.find(({ hold }) => 'fence' in hold);
    if (this.#max === 0 && writer !== undefined)
      expect(acting.filter(other => other !== writer && other !== writer.from)).toEqual([]);
    if (this.#max > 0) expect(acting.length).toBeLessThanOrEqual(this.#max);
    const { fence } = held.hold as Lock;
    if (fence === undefined) return;
    expect(this.#fences.has(fence)).toBe(false);
    expect(fence).toBeGreaterThan(this.#highest);
    this.#fences.add(fence);
    this.#highest = fence;
  }

  leave(held: Held): void {
    this.#held.delete(held);
  }
}

interface Setting {
  readonly kind: 'mutex' | 'semaphore' | 'rw' | 'write' | 'local';
  readonly faults: Omit<StoreFaults, 'random'>;
  readonly seed: number;
  readonly actions: readonly (readonly [client: number, action: string, afterMs: number])[];
}

const settings: fc.Arbitrary<Setting> = fc.record({
  kind: fc.constantFrom('mutex', 'semaphore', 'rw', 'rw', 'write', 'local'),
  faults: fc.record(
    {
      lost: fc.constantFrom(0, 0.1, 0.4),
      refused: fc.constantFrom(0, 0.1),
      watch: fc.constantFrom('muted', 'resync'),
      blind: fc.boolean(),
      without: fc.constantFrom([], ['enqueue']),
    },
    { requiredKeys: [] },
  ),
  seed: fc.nat(),
  actions: fc.array(
    fc.tuple(
      fc.nat({ max: 3 }),
      fc.constantFrom(
        'acquire',
        'acquire',
        'acquire',
        'try',
        'short',
        'abort',
        'upgrade',
        'release',
        'release',
        'stop',
        'go',
        'close',
      ),
      fc.constantFrom(0, 0, 0, 20, 300, 1200),
    ),
    { minLength: 1, maxLength: 40 },
  ),
}) as fc.Arbitrary<Setting>;

class Run {
  readonly stand: Stand;
  readonly random: Random;
  readonly processes: Process[] = [];
  held: Held[] = [];
  readonly waiting = new Set<{ readonly process: Process; readonly controller: AbortController }>();
  readonly open: PromiseLike<unknown>[] = [];
  readonly resource: Resource;
  readonly setting: Setting;
  failure: unknown;

  constructor(setting: Setting) {
    this.setting = setting;
    this.stand = new Stand(setting.seed);
    this.random = seededRandom(setting.seed);
    this.resource = new Resource({ semaphore: 2, rw: 0, mutex: 1, write: 1, local: 1 }[setting.kind]);
    for (let index = 0; index < 4; index++) {
      const clock = new ManualClock({ wallMs: this.stand.clock.wallMs() });
      this.processes.push({ locks: this.start(clock), clock, isStopped: false, missedMs: 0 });
    }
  }

  start(clock: ManualClock): Locks {
    const random = this.random.fork(`faults ${this.processes.length}`);
    return this.stand.locks({ clock }, { ...this.setting.faults, random });
  }

  /** Lets time pass for the store, and for those who run. */
  async pass(durationMs: number): Promise<void> {
    for (let passedMs = 0; passedMs < durationMs; passedMs += 20) {
      await turn();
      this.stand.clock.advance(20);
      for (const process of this.processes) {
        if (process.isStopped) process.missedMs += 20;
        else process.clock.advance(20);
      }
    }
    await turn();
    if (this.failure !== undefined) throw this.failure;
  }

  lockable(process: Process): Lockable<Hold> {
    const { kind } = this.setting;
    if (kind === 'semaphore') return process.locks.semaphore('x', 2);
    if (kind === 'rw' && this.random.float() < 0.6) return process.locks.rw('x').read;
    return kind === 'write' || kind === 'rw' ? process.locks.rw('x').write : process.locks.mutex('x');
  }

  act(index: number, action: string): void {
    // `local`: all in one process, so that everything is handed on there.
    const process = this.processes[this.setting.kind === 'local' ? 0 : index]!;
    if (action === 'stop') process.isStopped = true;
    else if (action === 'go') this.go(process);
    else if (process.isStopped) return;
    else if (action === 'release') this.release(process);
    else if (action === 'upgrade') this.upgrade(process);
    else if (action === 'abort') {
      for (const wait of this.waiting) if (wait.process === process) wait.controller.abort();
    } else if (action === 'close') {
      for (const held of this.held.filter(each => each.process === process)) this.resource.leave(held);
      this.held = this.held.filter(each => each.process !== process);
      this.open.push(process.locks[Symbol.asyncDispose]());
      process.locks = this.start(process.clock);
    } else this.acquire(process, action);
  }

  /** It goes on where it was stopped, and its timers find out how late it is. */
  go(process: Process): void {
    process.isStopped = false;
    process.clock.advance(process.missedMs);
    process.missedMs = 0;
  }

  release(process: Process): void {
    const held = this.held.find(each => each.process === process);
    if (held === undefined) return;
    this.held = this.held.filter(each => each !== held);
    this.resource.leave(held);
    this.open.push(held.hold[Symbol.asyncDispose]());
  }

  acquire(process: Process, action: string): void {
    const lockable = this.lockable(process);
    this.wait(process, signal => {
      const limits = { signal, ...(action === 'short' ? { deadlineMs: 100 } : {}) };
      return action === 'try' ? lockable.tryAcquire(limits) : lockable.acquire(limits);
    });
  }

  upgrade(process: Process): void {
    const from = this.held.find(({ process: own, hold }) => own === process && 'upgrade' in hold);
    if (from === undefined || from.hold.remainingMs() === 0) return;
    this.wait(process, signal => (from.hold as ReadLock).upgrade({ signal }), from);
  }

  wait(process: Process, ask: (signal: AbortSignal) => Promise<Hold | undefined>, from?: Held): void {
    const controller = new AbortController();
    const wait = { process, controller };
    this.waiting.add(wait);
    const { locks } = process;
    const asked = ask(controller.signal);
    const had = (hold: Hold | undefined): void => {
      this.waiting.delete(wait);
      // What a process is told while it is stopped it reads when it goes on.
      if (hold === undefined || locks !== process.locks) return;
      const held = { process, hold, ...(from && { from }) };
      this.held.push(held);
      if (!process.isStopped && hold.remainingMs() > 0) this.resource.enter(held);
    };
    const failed = (thrown: { code?: string }): void => {
      this.waiting.delete(wait);
      expect(['ABORTED', 'DEADLINE_EXCEEDED', 'UNAVAILABLE', 'CLOSED']).toContain(thrown.code);
    };
    this.open.push(
      asked.then(had, failed).catch((thrown: unknown) => {
        this.failure ??= thrown;
      }),
    );
  }

  /** Everybody who waits has it once, and lets it go; then nothing is left of anything. */
  async finish(): Promise<void> {
    for (const process of this.processes) if (process.isStopped) this.go(process);
    for (let round = 0; this.waiting.size > 0 || this.held.length > 0; round++) {
      expect(round).toBeLessThan(400);
      for (const process of this.processes) this.release(process);
      await this.pass(100);
    }
    await this.pass(10_000);
    const late = Promise.race([Promise.all(this.open), turn().then(() => 'late')]);
    expect(await late).not.toBe('late');
    await this.pass(3000);
    const { kind } = this.setting;
    const partition =
      kind === 'semaphore'
        ? 'lock.semaphore.x'
        : kind === 'write' || kind === 'rw'
          ? 'lock.rw.x'
          : 'lock.mutex.x';
    expect(await this.stand.entries(partition)).toEqual([]);
    await this.stand.close();
    for (const { clock } of [this.stand, ...this.processes]) expect(clock.timerCount).toBe(0);
  }
}

test('however acquisitions, aborts, releases and deaths fall together, one holds it, and nothing is left', async () => {
  await fc.assert(
    fc.asyncProperty(settings, async setting => {
      const run = new Run(setting);
      for (const [client, action, afterMs] of setting.actions) {
        run.act(client, action);
        await run.pass(afterMs);
      }
      await run.finish();
    }),
    { numRuns: runs },
  );
}, 3_600_000);

test('without faults, those who wait have it in the order of their coming', async () => {
  const steps = fc.array(fc.tuple(fc.nat({ max: 5 }), fc.constantFrom('wait', 'abort')), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(steps, fc.nat(), async (actions, seed) => {
      const stand = new Stand(seed);
      const held = await stand.locks().mutex('x').acquire();
      const order: number[] = [];
      const waits: { controller: AbortController; done: Promise<void>; isAborted: boolean }[] = [];
      for (const [which, action] of actions) {
        if (action === 'abort') {
          const wait = waits[which % Math.max(1, waits.length)];
          if (wait !== undefined) wait.isAborted = true;
          wait?.controller.abort();
          continue;
        }
        const controller = new AbortController();
        const index = waits.length;
        const { signal } = controller;
        const done = stand
          .locks()
          .mutex('x')
          .run({ signal }, () => void order.push(index))
          .catch(() => {});
        waits.push({ controller, done, isAborted: false });
        await turn();
      }
      await held.release();
      await Promise.all(waits.map(({ done }) => done));
      expect(order).toEqual([...waits.keys()].filter(index => !waits[index]!.isAborted));
      // Whoever gives up is told at once; its entry is deleted meanwhile.
      await turn();
      expect(await stand.entries('lock.mutex.x')).toEqual([]);
      await stand.close();
    }),
    { numRuns: Math.ceil(runs / 3) },
  );
}, 3_600_000);
