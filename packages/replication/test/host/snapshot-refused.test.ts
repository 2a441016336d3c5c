import { expect, test } from 'vitest';
import { Group } from './group.ts';
import { bytes } from './tally-machine.ts';

test('where a snapshot finds no room, what others overwrote does not pass for committed', async () => {
  await using group = await Group.start(['a', 'b', 'c'], { trailingBytes: 0, tailBytes: 0, catchUpBytes: 0 });
  const first = await group.leader();
  group.isolate(first.id);
  await group.settled(first.replica.write(bytes('add lost 1'), { ack: 'leader' }));
  const second = await group.until(() =>
    group.running.find(({ replica }) => replica.status().role === 'leader' && replica.status().term > 1),
  );
  for (let count = 0; count < 10; count++) await group.settled(second.replica.write(bytes('add kept 1')));
  await group.settled(second.replica.snapshot());
  first.journal.isFull = true;
  group.rejoin(first.id);
  await group.until(() => first.events.find(({ type }) => type === 'storage'));
  await group.pass(50);
  expect(first.machine.totals.get('lost')).toBeUndefined();
  await group.crash(first.id);
  const again = await group.start(first.id);
  expect(again.replica.status().committed).toBeLessThan(second.replica.status().snapshotIndex);
  await group.until(() => again.machine.totals.get('kept') === 10);
  expect(again.machine.totals.get('lost')).toBeUndefined();
});
