import { createTeam, type MemberId, spawn, type Team, type WorkerHandle } from '@quorate/threads';
import type { workshop } from '../fixtures/workshop.ts';
import { equal, ok, rejects, turns } from './check.ts';
import { type Case, fixture, type Subject } from './subject.ts';

type Member = WorkerHandle<typeof workshop> & { readonly member: MemberId };

async function open({ backend }: Subject, team: Team): Promise<Member> {
  const worker = await spawn<typeof workshop>(fixture('workshop.ts'), { backend, team });
  ok(worker.member !== undefined, 'a worker of a team has an id');
  return worker as Member;
}

/** Learning of each other's death. */
export const teamCases: readonly Case[] = [
  {
    name: 'a worker is alive in its team from spawn to exit',
    async run(subject) {
      const team = createTeam();
      const worker = await open(subject, team);
      equal(team.members(), [worker.member]);
      equal(await worker.call('isAlive', worker.member), true);
      equal((await worker.call('who')).member, worker.member);
      await worker.close();
      equal([team.isAlive(worker.member), team.members()], [false, []]);
      await team.died(worker.member);
    },
  },
  {
    name: 'a worker that never came up is dead',
    async run({ backend }) {
      const team = createTeam();
      await rejects(spawn(fixture('throws-at-top.ts'), { backend, team }), { code: 'SPAWN_FAILED' });
      while (team.members().length > 0) await turns(1);
    },
  },
  {
    name: 'workers learn of each other’s death without their spawner',
    async run(subject) {
      const team = createTeam();
      const [victim, witness] = [await open(subject, team), await open(subject, team)];
      const seen = [witness.call('seeDeath', victim.member), witness.call('watchDeath')];
      equal(await witness.call('isAlive', victim.member), true);
      void victim.terminate();
      equal(await Promise.all(seen), [undefined, victim.member]);
      equal(await witness.call('isAlive', victim.member), false);
      await witness.close();
    },
  },
  {
    name: 'the spawner learns of every death, each once',
    async run(subject) {
      const team = createTeam();
      const dead: MemberId[] = [];
      const workers = [await open(subject, team), await open(subject, team), await open(subject, team)];
      using _watch = team.watch(member => dead.push(member));
      for (const worker of workers) {
        await worker.call('exit', 0).catch(() => {});
        await worker.exited;
      }
      while (dead.length < 3) await turns(1);
      equal(
        dead,
        workers.map(worker => worker.member),
      );
    },
  },
  {
    name: 'a death is told only after the thread has stopped',
    applies: subject => subject.isolated,
    async run(subject) {
      const team = createTeam();
      const worker = await open(subject, team);
      const words = new Int32Array(new SharedArrayBuffer(4));
      const lost = rejects(worker.call('loop', words), { code: 'WORKER_LOST' });
      while (Atomics.load(words, 0) === 0) await turns(1);
      void worker.terminate();
      await lost;
      await team.died(worker.member);
      const [stopped] = words;
      await turns(10);
      equal(words[0], stopped, 'the count after the death');
    },
  },
];
