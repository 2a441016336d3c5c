import { once } from 'node:events';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type Started, startProcess } from '../src/kernels/lock/processes.ts';
import type { Ask } from './fixtures/asked-process.ts';
import { eventually } from './processes.ts';

vi.setConfig({ testTimeout: 60_000 });

async function start(): Promise<{ readonly started: Started; readonly told: () => string }> {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const program = new URL('fixtures/asked-process.ts', import.meta.url).href;
  const started = await startProcess(program, { does: 'start' } satisfies Ask);
  onTestFinished(() => {
    started.child.kill('SIGKILL');
    write.mockRestore();
  });
  return { started, told: () => write.mock.calls.map(([text]) => String(text)).join('') };
}

test('a question has its own answer, though a later one is answered before it', async () => {
  const { started } = await start();
  const late = started.answer({ does: 'wait', value: 'late' } satisfies Ask);
  const soon = started.answer({ does: 'answer', value: 'soon' } satisfies Ask);
  const first = await Promise.race([late, soon]);
  expect([first, await late, await soon]).toEqual(['soon', 'late', 'soon']);
});

const endings: readonly (readonly [Ask, readonly string[]])[] = [
  [{ does: 'throw' }, ['code 1', 'Error: Thrown in the middle', 'asked-process.ts:']],
  [{ does: 'reject' }, ['code 1', 'Error: Rejected and not caught', 'asked-process.ts:']],
  [{ does: 'exit', code: 3 }, ['code 3', 'The last word']],
  [{ does: 'exit', code: 0 }, ['code 0', 'The last word']],
  [{ does: 'kill' }, ['signal SIGKILL']],
];

test.each(endings)('how a process ended is told to whoever waits, and later asks: %j', async (ask, words) => {
  const { started } = await start();
  const waiting = started.answer({ does: 'wait', value: 'never' } satisfies Ask);
  // Whether the one that ends it is answered before is a matter of chance.
  started.answer(ask).catch(() => {});
  for (const answer of [() => waiting, async () => started.answer({ does: 'start' } satisfies Ask)]) {
    const error = await answer().then(
      () => 'no error',
      thrown => String(thrown),
    );
    for (const word of ['Process asked-process.ts must go on', ...words]) expect(error).toContain(word);
  }
});

test.each(endings)('and is told where nobody waits: %j', async (ask, words) => {
  const { started, told } = await start();
  started.child.send({ number: 0, ask });
  await eventually('That it ended', () => told().includes('must go on'));
  for (const word of words) expect(told()).toContain(word);
});

test('one that is ended from here ends without a word', async () => {
  const one = await start();
  await one.started.end({ does: 'exit', code: 0 } satisfies Ask);
  const { started, told } = await start();
  started.child.kill('SIGKILL');
  await once(started.child, 'close');
  expect([one.told(), told()]).toEqual(['', '']);
});
