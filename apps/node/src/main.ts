import { errorCode } from '@quorate/core';
import { type ClusterNode, startClusterNode } from './cluster-node.ts';
import type { ControlMessage, NodeMessage } from './node-control.ts';

/**
 * The process of one node. Its supervisor starts it with an IPC channel, sends `start`, and later `stop`.
 *
 * The channel is also the leash: when it closes, however the supervisor ended, the node exits. Ctrl-C reaches the whole
 * process group, so it is left to the supervisor, which stops the nodes in order.
 */
let node: ClusterNode | undefined;

function tell(message: NodeMessage): void {
  process.send?.(message, undefined, undefined, () => {});
}

async function start(message: Extract<ControlMessage, { type: 'start' }>): Promise<void> {
  try {
    node = await startClusterNode(message);
    tell({ type: 'ready', url: node.url });
  } catch (error) {
    tell({ type: 'failed', code: errorCode(error) ?? 'START_FAILED', message: (error as Error).message });
    process.exitCode = 1;
    process.disconnect?.();
  }
}

async function stop(): Promise<void> {
  await node?.stop();
  process.exit(0);
}

if (process.send === undefined) {
  console.error('A node is started by a supervisor, over IPC: run `pnpm demo`');
  process.exit(2);
}
process.on('disconnect', () => process.exit());
process.on('SIGINT', () => {});
process.on('SIGTERM', () => void stop());
process.on('message', (message: ControlMessage) => void (message.type === 'start' ? start(message) : stop()));
