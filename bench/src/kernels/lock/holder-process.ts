import { once } from 'node:events';
import { connect } from 'node:net';
import { createLmdbStore } from '@quorate/engine-lmdb';
import { createLocks } from '@quorate/lock';
import { answerParent } from './answer-parent.ts';
import type { HolderTask } from './hand-off.ts';

/** A process that takes something, says so, and holds it until it is killed. */
answerParent(hold);

async function hold(task: HolderTask): Promise<string> {
  if (task.kind === 'lmdb') {
    const store = await createLmdbStore({ path: task.path, durability: 'os' });
    await createLocks({ store }).mutex(task.name).acquire();
  } else {
    await once(connect(task.path), 'connect');
  }
  return 'held';
}
