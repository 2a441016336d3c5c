import { rmSync } from 'node:fs';
import { errorCode } from '@quorate/core';
import { type ClusterNode, startClusterNode } from './cluster-node.ts';
import type { ControlMessage, NodeMessage } from './node-control.ts';

/**
 * The process of one node. Its supervisor starts it with an IPC channel, sends `start`, perhaps makes it host a replica by
 * `listen` and `join`, and later sends `stop`.
 *
 * The channel is also the leash: when it closes, however the supervisor ended, the node exits, and takes its folder along,
 * since nobody else will. Ctrl-C reaches the whole process group, so it is left to the supervisor, which stops the nodes in
 * order.
 */
let node: ClusterNode | undefined;
let folder: string | undefined;

function tell(message: NodeMessage): void {
  process.send?.(message, undefined, undefined, () => {});
}

function tellFailure(error: unknown): void {
  tell({ type: 'failed', code: errorCode(error) ?? 'START_FAILED', message: (error as Error).message });
}

async function start(message: Extract<ControlMessage, { type: 'start' }>): Promise<void> {
  try {
    ({ folder } = message);
    node = await startClusterNode(message);
    tell({ type: 'ready', url: node.url });
  } catch (error) {
    tellFailure(error);
    process.exitCode = 1;
    process.disconnect?.();
  }
}

/** What makes the node host a replica. A failure is told, and the node goes on without one. */
async function host(message: ControlMessage): Promise<void> {
  try {
    if (message.type === 'listen' && node !== undefined) {
      tell({ type: 'listening', address: await node.seat.listen(message.task) });
    } else if (message.type === 'join' && node !== undefined) {
      tell({ type: 'joined', last: await node.seat.join(message.members) });
    } else if (message.type === 'moved') {
      node?.seat.moved(message.members);
    }
  } catch (error) {
    tellFailure(error);
  }
}

async function stop(): Promise<void> {
  await node?.stop();
  process.exit(0);
}

function leave(): never {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  process.exit();
}

if (process.send === undefined) {
  console.error('A node is started by a supervisor, over IPC: run `pnpm demo`');
  process.exit(2);
}
process.on('disconnect', leave);
process.on('SIGINT', () => {});
process.on('SIGTERM', () => void stop());
process.on('message', (message: ControlMessage) => {
  if (message.type === 'start') void start(message);
  else if (message.type === 'stop') void stop();
  else void host(message);
});
