import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { asyncTasks, createLocalLocks, type Locks } from '../src/index.ts';
import { describeCircle, findDeadlock, victimOf, type WaitNode } from '../src/wait-graph.ts';
import { Stand, turn } from './stand.ts';

let stand: Stand;
beforeEach(() => {
  stand = new Stand();
});
afterEach(async () => {
  await stand.close();
  expect(stand.clock.timerCount).toBe(0);
});

function node(task: string, blockers: string[], order = 0, need = 1): WaitNode {
  return { task, blockers, order, need, label: task.toUpperCase(), wanted: `mutex "${blockers.join()}"` };
}

describe('the graph of those who wait', () => {
  test('has a circle where everybody waits for somebody in it', () => {
    const nodes = [node('a', ['b'], 3), node('b', ['c'], 7), node('c', ['a'], 5), node('d', ['a'], 9)];
    const [a, , , d] = nodes as [WaitNode, WaitNode, WaitNode, WaitNode];
    expect(findDeadlock(nodes, a)?.map(({ task }) => task)).toEqual(['a', 'b', 'c']);
    expect(victimOf(findDeadlock(nodes, a)!).task).toBe('b');
    // It waits for those in the circle, but is none of them.
    expect(findDeadlock(nodes, d)).toBeUndefined();
    expect(describeCircle([node('a', ['b']), node('b', ['a'])])).toBe(
      'task "A" waits for mutex "b", which task "B" holds; task "B" waits for mutex "a", which task "A" holds',
    );
    expect(describeCircle([node('a', ['a'])])).toBe('task "A" waits for mutex "a", which it holds itself');
  });

  test('has none where one of them can go on', () => {
    const nodes = [node('a', ['b']), node('b', ['c'])];
    expect(findDeadlock(nodes, nodes[0]!)).toBeUndefined();
  });

  test('a semaphore is only stuck when too many of its permits are', () => {
    const semaphore = node('a', ['b', 'free'], 0, 2);
    const nodes = [semaphore, node('b', ['a'])];
    expect(findDeadlock(nodes, semaphore)).toBeUndefined();
    const stuck = node('a', ['b', 'b'], 0, 2);
    expect(findDeadlock([stuck, node('b', ['a'])], stuck)).toHaveLength(2);
  });
});

describe.each([
  ['on a store', () => stand.locks({ tasks: asyncTasks() })],
  ['in one process', () => createLocalLocks({ clock: stand.clock, tasks: asyncTasks() })],
] as [string, () => Locks][])('within a process, %s', (_, create) => {
  test('a wait that closes a circle fails at once, and says who waits for whom', async () => {
    const locks = create();
    const [a, b] = [locks.mutex('a'), locks.mutex('b')];
    const [first, second] = [locks.task('first'), locks.task('second')];
    const one = await a.acquire({ task: first });
    const two = await b.acquire({ task: second });
    const waiting = b.acquire({ task: first });
    await turn();
    await expect(a.acquire({ task: second })).rejects.toMatchObject({
      code: 'DEADLOCK',
      retryable: true,
      outcome: 'not-applied',
      message: expect.stringMatching(
        /task "second" waits for mutex "a", which task "first" holds; task "first" waits for mutex "b", which task "second" holds/,
      ),
    });
    await two.release();
    await (await waiting).release();
    await one.release();
  });

  test('tasks are found by what runs in them', async () => {
    const locks = create();
    const [a, b] = [locks.mutex('a'), locks.mutex('b')];
    const meet = Promise.withResolvers<void>();
    let arrived = 0;
    const both = (one: typeof a, other: typeof a): Promise<string> =>
      one.run(async () => {
        if (++arrived === 2) meet.resolve();
        await meet.promise;
        return other.run(() => 'both');
      });
    const results = await stand.until(Promise.allSettled([both(a, b), both(b, a)]));
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(results.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'DEADLOCK' },
    });
  });

  test('who takes again what it holds is told so', async () => {
    const locks = create();
    await expect(locks.mutex('a').run(() => locks.mutex('a').acquire())).rejects.toMatchObject({
      code: 'DEADLOCK',
      message: expect.stringMatching(/which it holds itself/),
    });
    // Reading twice is no such thing.
    const { read } = locks.rw('a');
    await read.run(() => read.run(() => {}));
    await expect(locks.mutex('a').acquire({ task: {} as never })).rejects.toBeInstanceOf(TypeError);
  });
});

describe.each([
  ['on a store', () => stand.locks({ tasks: asyncTasks(), reentrant: true })],
  ['in one process', () => createLocalLocks({ tasks: asyncTasks(), reentrant: true })],
] as [string, () => Locks][])('re-entrancy %s', (_, create) => {
  test('what a task holds it may acquire again, and it is held until all of it is released', async () => {
    const locks = create();
    const mutex = locks.mutex('a');
    const task = locks.task();
    const outer = await mutex.acquire({ task });
    const inner = await mutex.acquire({ task });
    const third = (await mutex.tryAcquire({ task }))!;
    expect([inner.fence, third.fence]).toEqual([outer.fence, outer.fence]);
    await outer.release();
    await inner.release();
    await inner.release();
    expect(inner.remainingMs()).toBe(0);
    third.assertHeld();
    expect(await mutex.tryAcquire()).toBeUndefined();
    await third.release();
    await (await mutex.tryAcquire())!.release();
    await mutex.run(() => mutex.run(() => mutex.run(() => {})));
    await (await mutex.tryAcquire())!.release();
  });
});

describe('between processes', () => {
  const open = (): Locks => stand.locks({ deadlockCheckMs: 200 });

  test('two that wait for each other: the one that began last gives way, and the other goes on', async () => {
    const [one, other] = [open(), open()];
    const [first, second] = [one.task('first'), other.task('second')];
    const a = await one.mutex('a').acquire({ task: first });
    const b = await other.mutex('b').acquire({ task: second });
    const forB = one.mutex('b').acquire({ task: first });
    await stand.pass(300);
    const forA = other.mutex('a').acquire({ task: second });
    await expect(stand.until(forA)).rejects.toMatchObject({
      code: 'DEADLOCK',
      message: expect.stringMatching(
        /task "second" waits for mutex "a", which task "first" holds; task "first" waits for mutex "b", which task "second" holds/,
      ),
    });
    await b.release();
    await (await stand.until(forB)).release();
    await a.release();
    await stand.pass(500);
    expect(await stand.entries('lock.waits')).toEqual([]);
  });

  test('three, across kinds of locks, with waits that are handed on within a process', async () => {
    const managers = [open(), open(), open()];
    const tasks = managers.map((locks, index) => locks.task(`task ${index}`));
    const held = [
      await managers[0]!.rw('r').read.acquire({ task: tasks[0]! }),
      await managers[1]!.semaphore('s', 1).acquire({ task: tasks[1]! }),
      await managers[2]!.mutex('m').acquire({ task: tasks[2]! }),
    ];
    // Somebody of the same process who holds nothing stands before it.
    const before = managers[0]!.semaphore('s', 1).acquire();
    const waits = [
      managers[0]!.semaphore('s', 1).acquire({ task: tasks[0]! }),
      managers[1]!.mutex('m').acquire({ task: tasks[1]! }),
      managers[2]!.rw('r').write.acquire({ task: tasks[2]! }),
    ];
    const outcomes = waits.map((wait, index) =>
      wait.then(
        async lock => {
          await lock.release();
          await held[index]!.release();
          return 'had';
        },
        async (thrown: { code: string }) => {
          await held[index]!.release();
          return thrown.code;
        },
      ),
    );
    void before.then(lock => lock.release());
    const all = await stand.until(Promise.all(outcomes));
    expect(all.sort()).toEqual(['DEADLOCK', 'had', 'had']);
    await stand.pass(500);
    expect(await stand.entries('lock.waits')).toEqual([]);
  });

  test('a semaphore whose permits are held here and elsewhere', async () => {
    const [one, other] = [open(), open()];
    const [first, second, third] = [one.task('first'), other.task('second'), one.task('third')];
    const permits = [
      await one.semaphore('s', 2).acquire({ task: first }),
      await other.semaphore('s', 2).acquire({ task: second }),
    ];
    const mutex = await one.mutex('m').acquire({ task: third });
    const outcomes = [
      one.semaphore('s', 2).acquire({ task: third }),
      one.mutex('m').acquire({ task: first }),
      other.mutex('m').acquire({ task: second }),
    ].map((wait, index) =>
      wait.then(
        async lock => {
          await lock.release();
          await (permits[index - 1] ?? mutex).release();
          return 'had';
        },
        async (thrown: { code: string }) => {
          await (permits[index - 1] ?? mutex).release();
          return thrown.code;
        },
      ),
    );
    const all = await stand.until(Promise.all(outcomes));
    // It is two circles: either may be broken first, or both at once.
    expect(all).toEqual(expect.arrayContaining(['DEADLOCK', 'had']));
  });

  test('of readers who share an entry any can be the one that is stuck', async () => {
    const [one, other] = [open(), open()];
    const [first, second, third] = [one.task('first'), one.task('second'), other.task('third')];
    const writer = await other.rw('r').write.acquire();
    const reads = [first, second].map(task => one.rw('r').read.acquire({ task }));
    await turn();
    await writer.release();
    const [stuck, free] = await Promise.all(reads);
    expect(await stand.entries('lock.rw.r')).toHaveLength(1);
    const m = await other.mutex('m').acquire({ task: third });
    const elsewhere = await open().mutex('elsewhere').acquire();
    const waits = [
      one.mutex('m').acquire({ task: first }),
      one.mutex('elsewhere').acquire({ task: second }),
      other.rw('r').write.acquire({ task: third }),
    ];
    for (const wait of waits) wait.catch(() => {});
    await expect(stand.until(Promise.race([waits[0]!, waits[2]!]))).rejects.toMatchObject({
      code: 'DEADLOCK',
    });
    await m.release();
    await elsewhere.release();
    await Promise.all([stuck!.release(), free!.release()]);
    for (const wait of waits)
      await stand.until(
        wait.then(
          lock => lock.release(),
          () => {},
        ),
      );
  });

  test('those who only wait long are left alone', async () => {
    const [one, other] = [open(), open()];
    const [first, second] = [one.task(), other.task()];
    const a = await one.mutex('a').acquire({ task: first });
    const b = await other.mutex('b').acquire({ task: second });
    const forA = other.mutex('a').acquire({ task: second });
    await stand.pass(5000);
    expect(await stand.entries('lock.waits')).toHaveLength(1);
    await a.release();
    await (await stand.until(forA)).release();
    await b.release();
    await stand.pass(500);
    expect(await stand.entries('lock.waits')).toEqual([]);
  });

  test('somebody who waits without holding anything sends nothing for it', async () => {
    const held = await open().mutex('a').acquire();
    const sent: string[] = [];
    const locks = stand.locks({ deadlockCheckMs: 200 }, { sent });
    const waiting = locks.mutex('a').acquire({ task: locks.task() });
    await stand.pass(900);
    expect(sent).toEqual(['session', 'enqueue']);
    await held.release();
    await (await waiting).release();
  });
});
