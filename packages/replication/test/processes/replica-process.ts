import { nodeId, QuorateError } from '@quorate/core';
import { folderDisk, openJournal } from '@quorate/journal';
import { createTcpTransport } from '@quorate/transport/tcp';
import { bytesOf, createReplica, type SessionOperation, valueMachine, valueOf } from '../../src/index.ts';

/** What the test asks of this process; each message is answered by one with its number. */
export interface Ask {
  readonly number: number;
  readonly type: 'write' | 'read' | 'open' | 'leader' | 'status';
  readonly value?: string;
  readonly session?: SessionOperation;
}

export interface Answer {
  readonly number: number;
  readonly value?: unknown;
  readonly code?: string;
  readonly outcome?: string;
}

const [self = '', folder = '', addresses = '{}'] = process.argv.slice(2);
const peers = JSON.parse(addresses) as Record<string, string>;
const { [self]: own = '', ...others } = peers;
const transport = createTcpTransport({
  self,
  listen: { host: '127.0.0.1', port: Number(own.split(':')[1]) },
  peers: others,
});
const replica = await createReplica({
  id: nodeId(self),
  members: Object.keys(peers).map(nodeId),
  transport,
  journal: await openJournal({ disk: folderDisk(folder), segmentBytes: 0x10_0000 }),
  machine: valueMachine<string[], string>([], {
    apply: (values, value) => [[...values, value], values.length + 1],
  }),
  electionTimeoutMs: 300,
});

async function answer({ type, value, session }: Ask): Promise<unknown> {
  const deadlineMs = 10_000;
  switch (type) {
    case 'write':
      return valueOf((await replica.write(bytesOf(value), { session, deadlineMs })).reply);
    case 'read':
      return valueOf(await replica.read(bytesOf(null), { mode: 'follower', deadlineMs }));
    case 'open':
      return (await replica.openSession({ deadlineMs })).id;
    case 'leader':
      return replica.waitForLeader({ deadlineMs });
    case 'status':
      return replica.status();
    default:
      throw new TypeError(`Question must be a known one: received ${String(type)}`);
  }
}

process.on('message', (ask: Ask) => {
  const { number } = ask;
  answer(ask).then(
    value => process.send?.({ number, value } satisfies Answer),
    (error: unknown) => {
      const { code = String(error), outcome = 'unknown' } = error instanceof QuorateError ? error : {};
      process.send?.({ number, code, outcome } satisfies Answer);
    },
  );
});
process.on('disconnect', () => process.exit(0));
process.send?.({ number: 0 } satisfies Answer);
