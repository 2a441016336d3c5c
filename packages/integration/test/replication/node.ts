import { errorCode, groupId, type Journal, nodeId, seededRandom, sleep, systemClock } from '@quorate/core';
import { folderDisk, openJournal } from '@quorate/journal';
import {
  createReplica,
  type ReadMode,
  type Replica,
  type ReplicaEvent,
  serveReplica,
  shareTransport,
} from '@quorate/replication';
import { createRequests } from '@quorate/transport';
import { createTcpTransport } from '@quorate/transport/tcp';
import { DriftingClock } from './drifting-clock.ts';
import { LedgerMachine } from './ledger-machine.ts';
import {
  callsGroup,
  clientsName,
  directMethods,
  type NodeAsk,
  type NodeNews,
  type NodeState,
  type NodeStatus,
  type NodeTask,
} from './node-task.ts';
import { answerParent, tellParent } from './told-process.ts';
import { type DiskFaults, UnsyncedDisk } from './unsynced-disk.ts';

const decoder = new TextDecoder();

await serve(JSON.parse(process.argv[2] ?? '') as NodeTask);

async function serve(task: NodeTask): Promise<void> {
  const random = seededRandom(task.seed);
  const clock = new DriftingClock(task.rate, task.wallAheadMs);
  const faults: DiskFaults = { isFull: false, stalledUntilMs: 0 };
  const disk = new UnsyncedDisk(folderDisk(task.folder), random.fork('disk'), faults);
  const machine = new LedgerMachine();
  const tcp = createTcpTransport({
    self: task.id,
    listen: { host: '127.0.0.1', port: task.port },
    peers: { ...task.peers, [clientsName]: undefined },
    limits: { heartbeatMs: 250, silenceMs: 1500, connectMs: 1500, helloMs: 1500, backoffMaxMs: 200 },
    clock,
  });
  const shared = shareTransport(tcp);
  const requests = createRequests(shared.forGroup(callsGroup), { group: callsGroup, clock });
  const replica = await createReplica({
    id: nodeId(task.id),
    members: task.members.map(nodeId),
    transport: shared.forGroup(groupId(0)),
    journal: await openWithRoom(disk, clock),
    machine,
    clock,
    electionTimeoutMs: task.electionTimeoutMs,
    leaseMarginMs: task.leaseMarginMs,
    // Small, so that within seconds a follower is behind the log that is in memory, and behind the log.
    snapshotBytes: 0x4_0000,
    trailingBytes: 0x8000,
    catchUpBytes: 0x2_0000,
    tailBytes: 0x4000,
    transferWindowBytes: 0x4000,
  });
  replica.subscribe(tellEvent);
  serveReplica(replica, requests);
  requests.handle(directMethods.write, async ({ body, signal }) => {
    const { reply } = await replica.write(body, { signal });
    return reply ?? new Uint8Array(0);
  });
  requests.handle(directMethods.read, ({ body, signal }) => {
    const [mode = '', key = ''] = decoder.decode(body).split(' ');
    return replica.read(Buffer.from(key), { mode: mode as ReadMode, signal });
  });
  await requests.start();
  const answers = answersOf(replica, machine, faults);
  answerParent((ask: NodeAsk) => (answers[ask.do] as (ask: NodeAsk) => unknown)(ask));
}

type Answers = { readonly [Kind in NodeAsk['do']]: (ask: Extract<NodeAsk, { do: Kind }>) => unknown };

function answersOf(replica: Replica, machine: LedgerMachine, faults: DiskFaults): Answers {
  return {
    status(): NodeStatus {
      const { role, term, committed, applied, storage } = replica.status();
      return { role, term, committed, applied, storage };
    },
    state(): NodeState {
      const { committed, applied } = replica.status();
      return { committed, applied, ledger: machine.state };
    },
    stall: ({ forMs }) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, forMs),
    stallDisk({ forMs }) {
      faults.stalledUntilMs = systemClock.monotonicMs() + forMs;
    },
    /** Says whether it led, and another does now. */
    handOver: ({ to }) =>
      replica.transferLeadership(nodeId(to), { deadlineMs: 2000 }).then(
        () => true,
        () => false,
      ),
    fill({ isFull }) {
      faults.isFull = isFull;
    },
  };
}

/** Who was killed when its disk was full comes back when there is room. */
async function openWithRoom(disk: UnsyncedDisk, clock: DriftingClock): Promise<Journal> {
  for (;;) {
    try {
      return await openJournal({ disk, clock, segmentBytes: 0x2_0000, cacheBytes: 0x1_0000 });
    } catch (thrown) {
      if (errorCode(thrown) !== 'STORAGE_FULL') throw thrown;
      tell({ type: 'reached', what: 'opened on a full disk' });
      await sleep(clock, 100);
    }
  }
}

function tellEvent(event: ReplicaEvent): void {
  const reached = (what: string): void => tell({ type: 'reached', what });
  if (event.type === 'role' && event.role === 'leader') {
    tell({ type: 'leads', term: event.term });
  } else if (event.type === 'failed') {
    tell({ type: 'failed', why: `${event.error} ${String(event.error.cause)}` });
  } else if (event.type === 'storage') reached(`disk ${event.state}`);
  else if (event.type === 'snapshot') reached(`snapshot ${event.how}`);
  else if (event.type === 'stalled') reached(`stalled: ${event.what}`);
}

function tell(news: NodeNews): void {
  tellParent(news);
}
