import { type MemberId, type Team, type WorkerHandle, createTeam, spawn } from '@quorate/threads';
import type { RingPlace } from '../../src/shared/index.ts';
import { Shared, type queueWorker } from './queue-worker.ts';

type Worker = WorkerHandle<typeof queueWorker>;

/** A team of real threads around one queue or stream. */
export class QueueStage implements AsyncDisposable {
  readonly team: Team = createTeam({ capacity: 16 });
  readonly member: MemberId = this.team.join();
  readonly memory: SharedArrayBuffer = new SharedArrayBuffer(Shared.size);
  readonly shared = Shared.view(this.memory);
  readonly workers: Set<Worker> = new Set();

  get seat(): { readonly team: Team; readonly member: MemberId } {
    return { team: this.team, member: this.member };
  }

  async spawn(place: RingPlace, spins = 0): Promise<Worker> {
    const worker = await spawn<typeof queueWorker>(new URL('queue-worker.ts', import.meta.url), {
      team: this.team,
      data: { memory: this.memory, place, spins },
    });
    this.workers.add(worker);
    return worker;
  }

  async kill(worker: Worker): Promise<void> {
    this.workers.delete(worker);
    await worker.terminate();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.workers].map(worker => worker.terminate()));
  }
}

/** Lets the event loop go round. */
export function turn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve));
}
