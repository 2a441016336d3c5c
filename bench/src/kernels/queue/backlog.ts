import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNats, startPostgres, startRedis } from '@quorate/servers';
import type { Params, Setup, Surroundings } from '../../suite.ts';
import { type Started, startProcess } from '../lock/processes.ts';
import type { BacklogEngine, BacklogPlace } from './backlog-place.ts';
import type { BacklogAsk, BacklogClaimed, BacklogMade } from './backlog-process.ts';

/** What the measured processes find in their environment. */
interface BacklogFound {
  readonly full: BacklogPlace;
  readonly empty: BacklogPlace;
  readonly made: BacklogMade;
}

const variable = 'QUORATE_BENCH_BACKLOG';

/**
 * Makes two places of an engine, with a folder or a server each, and puts a backlog into one of them, by a process of its own. The
 * other stays empty but for what is claimed at once.
 */
export function backlog(engine: BacklogEngine): (params: Params) => Promise<Surroundings> {
  return async params => {
    const stack = new AsyncDisposableStack();
    try {
      const full = await startPlace(engine, stack);
      const empty = await startPlace(engine, stack);
      const ask = { ready: Number(params['ready']), delayed: Number(params['delayed']) };
      const made = (await inProcess(full, ask)) as BacklogMade;
      return {
        environment: { [variable]: JSON.stringify({ full, empty, made } satisfies BacklogFound) },
        [Symbol.asyncDispose]: () => stack.disposeAsync(),
      };
    } catch (thrown) {
      await stack.disposeAsync();
      throw thrown;
    }
  };
}

/** Jobs are leased and settled, so many at a time, in the place with the backlog or in the other: the time for one, ns. */
export function claims(where: 'full' | 'empty'): Setup {
  return async context => {
    const { tookMs } = await claimed(where, context.number('jobs'), context.number('at a time'));
    return { quantity: (tookMs / context.number('jobs')) * 1e6 };
  };
}

/** What a job of the backlog takes, bytes. */
export const bytesPerJob: Setup = () => ({ quantity: found().made.bytesPerJob });

/** The most that the process had in memory that made the backlog, bytes; or what was its own alone. */
export function memoryOfSender(which: 'peak' | 'own'): Setup {
  return () => ({ quantity: found().made.memory[which] });
}

/** The same of one that claims beside the backlog. */
export function memoryOfWorker(which: 'peak' | 'own'): Setup {
  return async context => {
    const { memory } = await claimed('full', context.number('jobs'), context.number('at a time'));
    return { quantity: memory[which] };
  };
}

async function claimed(where: 'full' | 'empty', count: number, atOnce: number): Promise<BacklogClaimed> {
  return (await inProcess(found()[where], { claim: count, atOnce })) as BacklogClaimed;
}

/** Has a fresh process do one thing at a place. */
async function inProcess(place: BacklogPlace, ask: BacklogAsk): Promise<unknown> {
  const started: Started = await startProcess('../queue/backlog-process.ts', { place } satisfies BacklogAsk);
  try {
    return await started.answer(ask);
  } finally {
    await started.end({ end: true } satisfies BacklogAsk);
  }
}

async function startPlace(engine: BacklogEngine, stack: AsyncDisposableStack): Promise<BacklogPlace> {
  if (engine === 'redis') return { engine, at: stack.use(await startRedis()).url };
  if (engine === 'nats') return { engine, at: stack.use(await startNats()).url };
  if (engine === 'postgres') return { engine, at: stack.use(await startPostgres()).url };
  const folder = mkdtempSync(join(tmpdir(), 'quorate-bench-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  stack.defer(() => {
    process.off('exit', remove);
    remove();
  });
  return { engine, at: join(folder, 'store') };
}

function found(): BacklogFound {
  const text = process.env[variable];
  if (text === undefined) throw new Error(`Environment must have ${variable}: the surroundings set it`);
  return JSON.parse(text) as BacklogFound;
}
