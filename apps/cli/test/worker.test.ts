import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { systemClock } from '@quorate/core';
import { describe, expect, test } from 'vitest';
import type { CommandIo } from '../src/command-io.ts';
import { WorkerLines } from '../src/worker/worker-lines.ts';
import { Folder, mainFile, runHere, runProcess } from './run-command.ts';

const root = join(import.meta.dirname, '../../..');

/** A package's source: what a module of a user's would import by its name. */
function source(name: string): string {
  return JSON.stringify(pathToFileURL(join(root, 'packages', name, 'src/index.ts')).href);
}

/** Tasks in a memory of their own; the module sends them itself. `send` is put after the applications. */
function tasksModule(send: string): string {
  return `
    import { createMemoryQueueStore } from ${source('engine-memory')};
    import { createTasks, defineTask, unchecked } from ${source('queue')};
    const store = createMemoryQueueStore();
    const add = defineTask({
      name: 'add',
      input: unchecked<{ x: number; y: number }>(),
      run({ x, y }) {
        console.error('ran', x + y);
        return x + y;
      },
    });
    const fail = defineTask({
      name: 'fail',
      input: unchecked<null>(),
      retry: { attemptsMax: 1 },
      run(): never {
        throw new Error('no\\u001b[2J');
      },
    });
    const wait = defineTask({
      name: 'wait',
      input: unchecked<null>(),
      run: (_input, { signal }) =>
        new Promise<never>((_resolve, reject) => {
          console.error('waiting');
          signal.addEventListener('abort', () => {
            console.error('told', (signal.reason as { code: string }).code);
            reject(signal.reason);
          });
        }),
    });
    const hold = setInterval(() => {}, 1000); // As a connection does that nobody closes.
    const first = createTasks({ store, name: 'first', tasks: { add, fail, wait } });
    export const second = createTasks({ store, name: 'second', tasks: { add } });
    export const both = [first, second];
    export const nothing = 42;
    export const close = () => console.error('closed', hold.hasRef());
    export default first;
    ${send}
  `;
}

/** A worker in a process of its own, which is told to end when its stderr says so. */
async function runWorker(
  args: readonly string[],
  signalAt: readonly (readonly [text: string, signal: NodeJS.Signals])[],
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  const child = spawn(process.execPath, [mainFile, 'worker', ...args], {
    env: { ...process.env, NO_COLOR: undefined },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const waiting = [...signalAt];
  let [stdout, stderr] = ['', ''];
  const look = (): void => {
    for (
      let next = waiting[0];
      next !== undefined && (stderr + stdout).includes(next[0]);
      next = waiting[0]
    ) {
      waiting.shift();
      child.kill(next[1]);
    }
  };
  child.stdout.on('data', chunk => {
    stdout += String(chunk);
    look();
  });
  child.stderr.on('data', chunk => {
    stderr += String(chunk);
    look();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

describe('a worker', () => {
  test('runs what a module sends, tells of it in plain lines, and drains on SIGTERM', async () => {
    using folder = new Folder();
    const file = folder.write(
      'tasks.ts',
      tasksModule('await first.add.send({ x: 4, y: 4 }); await first.fail.send(null);'),
    );
    const finished = await runWorker([file, '-c', '1'], [['fail', 'SIGTERM']]);
    expect(finished.stderr).toContain('working on first/queue, 1 at a time');
    expect(finished.stderr).toContain('ran 8');
    expect(finished.stderr).toContain('draining, 25000 ms at most');
    expect(finished.stderr).toContain('closed true');
    expect(finished.stderr).toContain('ended: 1 succeeded, 1 failed, 0 cancelled');
    const [added = '', failed = ''] = finished.stdout.trimEnd().split('\n');
    expect(added).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z first: add \S+ succeeded in \d+ ms$/);
    expect(failed).toMatch(/first: fail \S+ failed in \d+ ms: Error: no\\u\{1b\}\[2J$/);
    expect(finished.code).toBe(0);
  });

  test('gives back what does not end in time, and at once when it is told twice', async () => {
    using folder = new Folder();
    const file = folder.write('tasks.ts', tasksModule('await first.wait.send(null);'));
    const late = await runWorker([file, '--drain-ms', '100'], [['waiting', 'SIGTERM']]);
    expect(late).toMatchObject({ code: 0 });
    expect(late.stderr).toContain('warning: not all has ended in time');
    expect(late.stderr).toContain('told WORK_ENDED');
    const twice = await runWorker(
      [file],
      [
        ['waiting', 'SIGINT'],
        ['draining', 'SIGINT'],
      ],
    );
    expect(twice.code).toBe(0);
    expect(twice.stderr).toContain('told WORK_ENDED');
  });

  test('takes another export, applications by their names, and writes JSON', async () => {
    using folder = new Folder();
    const send = 'await first.add.send({ x: 1, y: 1 }); await second.add.send({ x: 2, y: 2 });';
    const file = folder.write('tasks.ts', tasksModule(send));
    const args = [file, '--export', 'both', '--queues', 'second', '--json'];
    const { code, stdout, stderr } = await runWorker(args, [['succeeded', 'SIGTERM']]);
    expect(code).toBe(0);
    expect(stderr).not.toContain('ran 2');
    const events = stdout
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line) as object);
    expect(events).toMatchObject([
      { application: 'second', type: 'started', task: 'add', attempt: 1 },
      { application: 'second', type: 'succeeded', task: 'add', tookMs: expect.any(Number) },
    ]);
  });

  test('keeps leases with the thread that the module asks for, for as long as it is told', async () => {
    using folder = new Folder();
    const keeper = folder.write(
      'keeper.ts',
      `
        let told = false;
        export const open = () => ({
          async extend(leases: readonly unknown[], leaseMs: number) {
            if (!told) console.error('kept for', leaseMs);
            told = true;
            return leases.map(() => ({ outcome: 'applied' }));
          },
          async [Symbol.asyncDispose]() {},
        });
      `,
    );
    const kept = `export const kept = createTasks({
      store,
      name: 'first',
      tasks: { wait },
      keeper: { module: new URL(${JSON.stringify(pathToFileURL(keeper).href)}), export: 'open' },
    });`;
    const file = folder.write('tasks.ts', tasksModule(`${kept} await first.wait.send(null);`));
    const args = [file, '-e', 'kept', '--lease-ms', '900', '--drain-ms', '0'];
    const { code, stderr } = await runWorker(args, [['kept for 900', 'SIGTERM']]);
    expect(stderr).toContain('kept for 900');
    expect(code).toBe(0);
  });

  test('a work that cannot go on ends it', async () => {
    using folder = new Folder();
    const file = folder.write('tasks.ts', tasksModule('await store[Symbol.asyncDispose]();'));
    const { code, stderr } = await runProcess(['worker', file]);
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('CLOSED') });
  });
});

test('whatever a task threw has a line', () => {
  const odd = [
    Object.create(null),
    Object.assign(new Error('x'), { name: Symbol('n') }),
    {
      get code(): string {
        throw new Error('getter');
      },
    },
  ];
  let written = '';
  const stdout = { write: (text: string) => void (written += text) };
  const io = { stdout, environment: {}, clock: systemClock } as unknown as CommandIo;
  for (const isJson of [false, true]) {
    const lines = new WorkerLines(io, isJson);
    for (const error of odd) lines.tell('app', { type: 'failed', task: 't', id: 'i', attempt: 1, error });
  }
  expect(written.trimEnd().split('\n')).toHaveLength(6);
});

test('a work that cannot begin ends those that have, and closes the module', async () => {
  using folder = new Folder();
  const broken = "export const broken = [first, { name: 'x', work() { throw new Error('no'); } }];";
  const file = folder.write('tasks.ts', tasksModule(broken));
  const { code, stderr } = await runProcess(['worker', file, '--export', 'broken']);
  expect(code).toBe(1);
  expect(stderr).toContain('The work cannot go on: Error: no');
  expect(stderr).toContain('closed true');
});

test('a module that cannot close is told of, and takes nothing back of how the work went', async () => {
  using folder = new Folder();
  const cannotClose = "throw new Error('no close')";
  const plain = tasksModule('').replace("console.error('closed', hold.hasRef())", `{ ${cannotClose}; }`);
  const ended = await runWorker([folder.write('tasks.ts', plain)], [['working on', 'SIGTERM']]);
  expect(ended.code).toBe(1);
  expect(ended.stderr).toContain('tasks.ts failed: Error: no close');
  expect(ended.stderr).toContain('ended: 0 succeeded, 0 failed, 0 cancelled');
  expect(ended.stderr).not.toContain('    at ');
  const gone = `${plain} await store[Symbol.asyncDispose]();`;
  const { code, stderr } = await runProcess(['worker', folder.write('gone.ts', gone)]);
  expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('CLOSED') });
  expect(stderr).not.toContain('    at ');
});

describe('what is wrong is named', () => {
  test.each([
    [['none.ts'], 1, 'Cannot read none.ts: there is no such file or folder (ENOENT)'],
    [['$file', '--export', 'other'], 2, 'has no export "other": it has '],
    [
      ['$file', '--export', 'nothing'],
      1,
      'must be what createTasks gives, or an array of these: received a number',
    ],
    [['$file', '--queues', 'third'], 2, '--queues: $file has no application "third": it has first'],
    [['$file', '--queues', 'first,'], 2, '--queues must be a list of names: received first,'],
    [['$file', '--concurrency', '0'], 2, '--concurrency must be a whole number from 1 to 10000: received 0'],
    [['$file', '--drain-ms', 'x'], 2, '--drain-ms must be a whole number'],
    [['$file', '--lease-ms', '0'], 2, '--lease-ms must be a whole number from 1 to 2147483647: received 0'],
    [['.'], 1, 'Cannot read .: it is a folder (EISDIR)'],
    [[''], 2, 'The file must be named: received an empty name'],
    [['$unreachable'], 1, 'Export "default" of $unreachable failed: UNAVAILABLE: no server'],
    [['$broken'], 1, '$broken cannot be loaded: Error: at load'],
    [[], 2, "missing required argument 'file'"],
  ])('%s', async (args, code, message) => {
    using folder = new Folder();
    const paths: Readonly<Record<string, string>> = {
      $file: folder.write('tasks.ts', tasksModule('')),
      $unreachable: folder.write(
        'unreachable.ts',
        "export default Promise.reject(Object.assign(new Error('no server'), { code: 'UNAVAILABLE' }));",
      ),
      $broken: folder.write('broken.ts', "throw new Error('at load');"),
    };
    const given = args.map(argument => paths[argument] ?? argument);
    const finished = await runHere(['worker', ...given]);
    const text = message.replace(/\$\w+/, name => paths[name] ?? name);
    expect(finished).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(text) });
  });
});
