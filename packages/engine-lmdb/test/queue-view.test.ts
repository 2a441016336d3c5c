import { afterAll, expect, onTestFinished, test } from 'vitest';
import { LmdbBytes } from '../src/host/lmdb-bytes.ts';
import { openDatabase } from '../src/host/open-database.ts';
import { CellTable } from '../src/queue/cell-table.ts';
import { QueueRoot } from '../src/queue/queue-root.ts';
import { QueueView } from '../src/queue/queue-view.ts';
import { testFolder } from './lmdb-subject.ts';

const folder = testFolder();
afterAll(() => folder[Symbol.dispose]());

/** In a transaction, for outside of one nothing is written at once. */
function inFresh(run: (bytes: LmdbBytes) => void): void {
  const database = openDatabase({ folder: folder.fresh(), durability: 'os' });
  onTestFinished(() => database.close());
  database.transactionSync(() => run(new LmdbBytes(database)));
}

test('a clock that follows the wall clock is behind until that is written down, for it never goes back', () =>
  inFresh(bytes => {
    const root = new QueueRoot();
    const before = root.encode();
    root.bootId = 'boot';
    root.offsetMs = 5000;
    root.write(bytes, before);
    const viewAt = (wallMs: number): QueueView =>
      new QueueView(bytes, { bootId: 'boot', nowMs: () => 1000, wallMs: () => wallMs });
    expect(viewAt(6000)).toMatchObject({ isBehind: false, moment: { nowMs: 6000 } });
    expect(viewAt(2000)).toMatchObject({ isBehind: false, moment: { nowMs: 6000 } });
    expect(viewAt(9000)).toMatchObject({ isBehind: true, moment: { nowMs: 9000 } });
  }));

test('the numbers of queues come round, past those that are in use', () =>
  inFresh(bytes => {
    const root = new QueueRoot();
    const opened = (...names: string[]): number[] => {
      const cells = new CellTable(bytes, root);
      const found = names.map(name => cells.open(name));
      for (const cell of found) cell.messageCount = 1;
      cells.finish();
      return found.map(({ id }) => id);
    };
    expect(opened('a')).toEqual([1]);
    root.lastCell = 0xffff_fffe;
    expect(opened('b', 'c')).toEqual([0xffff_ffff, 2]);
    expect(new CellTable(bytes, root).byId(0xffff_ffff)).toMatchObject({ name: 'b' });
  }));
