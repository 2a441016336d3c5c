/** What the supervisor sends to a node's process, over IPC only: secrets never appear in an argument or a file. */
export type ControlMessage =
  | {
      readonly type: 'start';
      readonly id: string;
      readonly clientToken: string;
      readonly peerToken: string;
      readonly host?: string;
      readonly port?: number;
    }
  | { readonly type: 'stop' };

/** What a node's process sends back. */
export type NodeMessage =
  | { readonly type: 'ready'; readonly url: string }
  | { readonly type: 'failed'; readonly code: string; readonly message: string };
