import { expect, test } from 'vitest';
import { Group, type Member } from './group.ts';
import { bytes, text } from './tally-machine.ts';

/** Makes keys long, so that a snapshot takes many messages. */
const pad = '-'.repeat(200);

const slowTransfer = { trailingBytes: 0, tailBytes: 0, messageMaxBytes: 1024, transferWindowBytes: 2048 };

/** A follower in the middle of being sent a snapshot, whose disk hangs. */
async function behindSnapshot(group: Group, leader: Member): Promise<{ readonly again: Member }> {
  const [behind] = await group.followers();
  await group.crash(behind!.id);
  await fill(group, leader, 3000, pad);
  await group.pass(300);
  await group.settled(leader.replica.snapshot());
  const again = await group.start(behind!.id, { chunksMax: 20 });
  await group.until(() =>
    leader.replica.status().transfers.some(({ bytesAcknowledged }) => bytesAcknowledged > 10_000),
  );
  return { again };
}

/** Writes so many entries, in batches of a hundred. */
async function fill(group: Group, leader: Member, count: number, pad = ''): Promise<void> {
  for (let done = 0; done < count; done += 100) {
    const writes = Array.from({ length: Math.min(100, count - done) }, (_, at) =>
      leader.replica.write(bytes(`add key-${(done + at) % 500}${pad} 1`)),
    );
    await group.settled(Promise.all(writes));
  }
}

test('snapshots are taken by size, and the log behind them is given back', async () => {
  await using group = await Group.start(['a', 'b', 'c'], {
    snapshotBytes: 20_000,
    trailingBytes: 0,
    tailBytes: 0,
    catchUpBytes: 0,
  });
  const leader = await group.leader();
  await fill(group, leader, 2000);
  await group.until(() => group.running.every(({ replica }) => replica.status().snapshotIndex > 500));
  await group.until(() => group.running.every(({ journal }) => journal.state.first > 500));
  expect(leader.events.filter(({ type }) => type === 'snapshot').length).toBeGreaterThan(2);
});

test('a follower behind a snapshot is sent it, finds the log behind it, and takes part', async () => {
  await using group = await Group.start(['a', 'b', 'c'], {
    trailingBytes: 0,
    tailBytes: 0,
    messageMaxBytes: 2048,
  });
  const leader = await group.leader();
  const [behind] = await group.followers();
  await group.crash(behind!.id);
  await fill(group, leader, 1500);
  await group.pass(300);
  await group.settled(leader.replica.snapshot());
  await group.until(() => leader.journal.state.first > 1000);
  const again = await group.start(behind!.id);
  const writes = (async () => {
    for (let number = 0; number < 20; number++) await leader.replica.write(bytes('add late 1'));
  })();
  await group.settled(writes);
  await group.until(() => again.machine.totals.get('late') === 20);
  expect(again.machine.totals.get('key-7')).toBe(3);
  const installed = again.events.filter(event => event.type === 'snapshot' && event.how === 'installed');
  expect(installed).toHaveLength(1);
  expect(leader.replica.status().transfers).toEqual([]);
});

test('a transfer goes on after its connection broke', async () => {
  await using group = await Group.start(['a', 'b', 'c'], slowTransfer);
  const leader = await group.leader();
  const { again } = await behindSnapshot(group, leader);
  const [part] = leader.replica.status().transfers;
  group.cut(leader.id, again.id);
  await group.pass(30);
  again.journal.chunksMax = Number.POSITIVE_INFINITY;
  await group.pass(30);
  expect(leader.replica.status().transfers).toMatchObject([{ peer: again.id, index: part!.index }]);
  group.heal(leader.id, again.id);
  await group.until(() => again.machine.totals.get(`key-1${pad}`) === 6);
  expect(again.events.filter(event => event.type === 'snapshot')).toHaveLength(1);
});

test('a follower that restarts in the middle of a transfer is sent it anew', async () => {
  await using group = await Group.start(['a', 'b', 'c'], slowTransfer);
  const leader = await group.leader();
  const { again } = await behindSnapshot(group, leader);
  again.journal.chunksMax = Number.POSITIVE_INFINITY;
  await group.crash(again.id);
  await group.pass(10);
  const twice = await group.start(again.id);
  await group.until(() => twice.machine.totals.get(`key-1${pad}`) === 6);
  const receipt = await group.settled(leader.replica.write(bytes('add x 1'), { ack: 'all' }));
  expect(receipt.replicas).toBe(3);
});

test('a leader that loses its office in the middle of a transfer leaves it to the next', async () => {
  await using group = await Group.start(['a', 'b', 'c'], slowTransfer);
  const leader = await group.leader();
  const { again } = await behindSnapshot(group, leader);
  await group.crash(leader.id);
  again.journal.chunksMax = Number.POSITIVE_INFINITY;
  await group.until(() => again.machine.totals.get(`key-1${pad}`) === 6);
  expect((await group.leader()).id).not.toBe(leader.id);
});

test('a member that leaves and comes back in the middle of a transfer is sent one to its end', async () => {
  await using group = await Group.start(['a', 'b', 'c'], slowTransfer);
  const leader = await group.leader();
  const { again } = await behindSnapshot(group, leader);
  const open = leader.journal.openSnapshot.bind(leader.journal);
  let begunCount = 0;
  leader.journal.openSnapshot = () => {
    begunCount++;
    return open();
  };
  await group.settled(leader.replica.reconfigure({ remove: [again.id] }));
  await group.settled(leader.replica.reconfigure({ learners: [again.id] }));
  // Many heartbeats, none of which begins it anew.
  await group.pass(150);
  expect(begunCount).toBe(1);
  again.journal.chunksMax = Number.POSITIVE_INFINITY;
  await group.until(() => again.machine.totals.get(`key-1${pad}`) === 6);
});

test('a follower that is far behind is caught up from the journal while writes go on', async () => {
  await using group = await Group.start();
  const leader = await group.leader();
  const [behind] = await group.followers();
  await group.crash(behind!.id);
  const big = 'x'.repeat(5000);
  for (let number = 0; number < 1500; number++) void leader.replica.write(bytes(`add key 1 ${big}`));
  await group.settled(leader.replica.write(bytes('add key 1')));
  const again = await group.start(behind!.id);
  const receipt = await group.settled(leader.replica.write(bytes('add x 1')));
  expect(text(receipt.reply)).toBe('1');
  await group.until(() => again.machine.totals.get('key') === 1501);
  expect(again.events.some(({ type }) => type === 'snapshot')).toBe(false);
});

test('a restart goes on from snapshot and log', async () => {
  await using group = await Group.start(['a'], { trailingBytes: 0, tailBytes: 0, catchUpBytes: 0 });
  await fill(group, await group.leader(), 600);
  await group.settled(group.get('a').replica.snapshot());
  await fill(group, group.get('a'), 300);
  await group.crash('a');
  const again = await group.start('a');
  await group.leader();
  await group.until(() => again.machine.totals.get('key-1') === 3);
  expect(again.replica.status().snapshotIndex).toBeGreaterThan(500);
});

test('what is known to be committed is not unsaid by a snapshot that comes before it is applied', async () => {
  await using group = await Group.start(['a', 'b', 'c'], { trailingBytes: 0, catchUpBytes: 0, tailBytes: 0 });
  const leader = await group.leader();
  const [behind] = await group.followers();
  await fill(group, leader, 300);
  await group.crash(behind!.id);
  await fill(group, leader, 100);
  await group.settled(leader.replica.snapshot());
  const { events, journal } = await group.start(behind!.id);
  const known = journal.recover().hardState!.committed;
  expect(known).toBeGreaterThan(100);
  journal.read = () => new Promise(() => {});
  const write = journal.write.bind(journal);
  const said: number[] = [];
  journal.write = call => {
    if (call.hardState !== undefined) said.push(call.hardState.committed);
    return write(call);
  };
  await group.until(() => events.some(event => event.type === 'snapshot' && event.how === 'installed'));
  expect(said.length).toBeGreaterThan(1);
  expect(Math.min(...said)).toBeGreaterThanOrEqual(known);
});
