import { type MemberId, type Team, type WorkerHandle, createTeam, spawn } from '@quorate/threads';
import type { LockPlace } from '../../src/shared/index.ts';
import { type Loop, Shared, type lockWorker } from './lock-worker.ts';

/** A team of real threads around one lock. */
export class ThreadStage implements AsyncDisposable {
  readonly team: Team = createTeam({ capacity: 16 });
  readonly member: MemberId = this.team.join();
  readonly memory: SharedArrayBuffer = new SharedArrayBuffer(Shared.size);
  readonly shared = Shared.view(this.memory);
  readonly workers: Set<WorkerHandle<typeof lockWorker>> = new Set();

  get seat(): { readonly team: Team; readonly member: MemberId } {
    return { team: this.team, member: this.member };
  }

  async spawn(place: LockPlace, other?: LockPlace): Promise<WorkerHandle<typeof lockWorker>> {
    const data = { memory: this.memory, place, ...(other && { other }) };
    const worker = await spawn<typeof lockWorker>(new URL('lock-worker.ts', import.meta.url), {
      team: this.team,
      data,
    });
    this.workers.add(worker);
    return worker;
  }

  /** Starts a loop that ends when it is told to, or with its thread. */
  async start(kind: Loop, place: LockPlace, other?: LockPlace): Promise<WorkerHandle<typeof lockWorker>> {
    const worker = await this.spawn(place, other);
    worker.call('loop', { kind, rounds: Number.POSITIVE_INFINITY }).catch(() => {});
    return worker;
  }

  async kill(worker: WorkerHandle<typeof lockWorker>): Promise<void> {
    this.workers.delete(worker);
    await worker.terminate();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    Atomics.store(this.shared.stop, 0, 1);
    await Promise.all([...this.workers].map(worker => worker.terminate()));
  }
}

/** Lets the event loop go round. */
export function turn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve));
}
