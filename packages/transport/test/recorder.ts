import type { GroupId, NodeId, TransportHandlers } from '@quorate/core';

/** Handlers that keep what they are told, and notice what comes out of turn. */
export class Recorder implements TransportHandlers {
  readonly messages: { readonly from: NodeId; readonly bytes: Uint8Array; readonly group: GroupId }[] = [];
  readonly connected: Set<NodeId> = new Set();
  readonly disconnects: { readonly peer: NodeId; readonly cause: unknown }[] = [];
  readonly drained: NodeId[] = [];
  /** Connects of the connected, messages without a connection, and the like. */
  readonly faults: string[] = [];
  /** How many messages came. */
  count = 0;
  /** Called for each message, with the transport's own buffer. */
  onEach: ((from: NodeId, message: Uint8Array) => void) | undefined;
  readonly #waiting: Set<() => void> = new Set();

  onMessage(from: NodeId, message: Uint8Array, group: GroupId): void {
    this.count++;
    if (!this.connected.has(from)) this.faults.push(`message from ${from}, which is not connected`);
    this.messages.push({ from, bytes: new Uint8Array(message), group });
    this.onEach?.(from, message);
    this.#look();
  }

  onConnect(peer: NodeId): void {
    if (this.connected.has(peer)) this.faults.push(`connect of ${peer}, which is connected`);
    this.connected.add(peer);
    this.#look();
  }

  onDisconnect(peer: NodeId, cause: unknown): void {
    if (!this.connected.delete(peer)) this.faults.push(`disconnect of ${peer}, which is not connected`);
    this.disconnects.push({ peer, cause });
    this.#look();
  }

  onDrain(peer: NodeId): void {
    this.drained.push(peer);
    this.#look();
  }

  /** Settles when the condition holds, which is looked at after everything that is told. */
  until(condition: () => boolean): Promise<void> {
    return new Promise(resolve => {
      const look = (): void => {
        if (!condition()) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  #look(): void {
    for (const look of this.#waiting) look();
  }
}
