import { type Disk, errorCode, type Journal, sleep } from '@quorate/core';
import { defineScenario, type NodeEnv, type Scenario } from '@quorate/sim';
import { openJournal } from '../src/index.ts';
import { JournalLife } from './parts/journal-life.ts';
import { nothingAcknowledgedIsLost } from './parts/nothing-acknowledged-is-lost.ts';
import { worksAgain } from './parts/works-again.ts';

/** Opens the journal, says what is in it, and works with it, again and again where it fails. */
async function node(env: NodeEnv, disk: Disk): Promise<void> {
  for (;;) {
    const journal = await open(env, disk);
    if (journal === undefined) return;
    await new JournalLife(env, journal).run();
    await journal[Symbol.asyncDispose]();
    await sleep(env.clock, 100);
  }
}

/** The journal, once its disk lets it be opened; `undefined` where it is refused. */
async function open(env: NodeEnv, disk: Disk): Promise<Journal | undefined> {
  const { clock, random } = env;
  for (;;) {
    try {
      return await openJournal({ disk, segmentBytes: 65_536, cacheBytes: 16_384, clock, random });
    } catch (error) {
      const code = errorCode(error);
      if (code !== 'STORAGE_FULL' && code !== 'IO_FAILED') {
        env.observe({ type: 'journal-refused', node: env.self, reason: String(error) });
        return undefined;
      }
      await sleep(clock, 100);
    }
  }
}

const safetyMs = 1_500;

/**
 * Runs are short and there is one node in each: journals have nothing to do with each other, and many short runs, each with
 * faults of its own, find more in the same time than a few long ones.
 *
 * @param wrap puts something between journal and disk: tests break it on purpose
 */
export function journalScenario(wrap: (disk: Disk) => Disk = disk => disk): Scenario {
  return defineScenario({
    name: 'journal',
    summary: 'A journal on a simulated disk, under crashes, torn writes, failing syncs and a full disk',
    nodes: ['n1'],
    faults: {
      process: { crashes: true, pauses: true, downMax: 1 },
      disk: { torn: true, full: true, syncFailures: true },
    },
    probes: ['recovered', 'resumed', 'compacted', 'installed', 'full', 'overlapped'],
    invariants: [nothingAcknowledgedIsLost, () => worksAgain(safetyMs)],
    safetyMs,
    livenessMs: 500,
    node: env => node(env, wrap(env.disk)),
  });
}

export default journalScenario();
