import {
  type ClusterNode,
  type ClusterNodeOptions,
  createToken,
  type Member,
  startClusterNode,
} from '@quorate/node';

/** An answer with its body read. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint: the shape is what the test is about
  readonly json: Record<string, unknown>;
}

/** A few nodes in this process, and the supervisor's part played by the test. */
export class TestCluster implements AsyncDisposable {
  readonly clientToken: string = createToken();
  readonly peerToken: string = createToken();
  readonly nodes: Map<string, ClusterNode> = new Map();
  readonly #options: Partial<ClusterNodeOptions>;
  epoch = 0;
  base: Member[] = [];
  members: Member[] = [];
  lost: string[] = [];

  constructor(options: Partial<ClusterNodeOptions> = {}) {
    this.#options = options;
  }

  static async start(
    ids: readonly string[],
    options: Partial<ClusterNodeOptions> = {},
  ): Promise<TestCluster> {
    const cluster = new TestCluster(options);
    for (const id of ids) cluster.members.push(await cluster.startNode(id));
    cluster.base = cluster.members;
    cluster.epoch = 1;
    await cluster.sendViewToAll();
    await cluster.settle();
    return cluster;
  }

  async startNode(id: string): Promise<Member> {
    const { clientToken, peerToken } = this;
    const node = await startClusterNode({ id, clientToken, peerToken, ...this.#options });
    this.nodes.set(id, node);
    return { id, url: node.url };
  }

  get view(): { epoch: number; members: Member[]; base: Member[]; lost: string[] } {
    const { epoch, members, base, lost } = this;
    return { epoch, members, base, lost };
  }

  urlOf(id: string): string {
    const node = this.nodes.get(id);
    if (node === undefined) throw new Error(`No node ${id}`);
    return node.url;
  }

  /** Starts a planned change: nobody is told yet. */
  change(members: Member[]): void {
    this.epoch++;
    this.base = this.members;
    this.members = members;
    this.lost = [];
  }

  /** Ends a node at once, as a crash would, and writes the view without it. */
  async crash(id: string): Promise<void> {
    await this.nodes.get(id)?.stop(0);
    this.nodes.delete(id);
    const settled = [...this.nodes.values()].every(node => node.partition.settled);
    this.epoch++;
    if (settled) this.base = this.members;
    this.members = this.members.filter(member => member.id !== id);
    this.lost = [...this.lost, id];
  }

  sendView(id: string): Promise<Answer> {
    return this.peer(id, '/v1/peer/view', this.view);
  }

  async sendViewToAll(): Promise<void> {
    for (const id of this.nodes.keys()) {
      const answer = await this.sendView(id);
      if (answer.status !== 200) throw new Error(answer.text);
    }
  }

  get handedOver(): boolean {
    return [...this.nodes.values()].every(node => node.partition.openSources.length === 0);
  }

  /** Waits until no node has an open source, and tells all. */
  async settle(deadlineMs = 10_000): Promise<void> {
    const end = performance.now() + deadlineMs;
    while (!this.handedOver) {
      if (performance.now() > end) throw new Error('The handover did not finish');
      await new Promise(resolve => setTimeout(resolve, 5));
    }
    for (const id of this.nodes.keys()) {
      const answer = await this.peer(id, '/v1/peer/settle', { epoch: this.epoch });
      if (answer.status !== 200) throw new Error(answer.text);
    }
  }

  peer(id: string, path: string, body: unknown): Promise<Answer> {
    const headers = { authorization: `Bearer ${this.peerToken}`, 'content-type': 'application/json' };
    return answerOf(fetch(this.urlOf(id) + path, { method: 'POST', headers, body: JSON.stringify(body) }));
  }

  call(id: string, method: string, path: string, body?: string | Uint8Array<ArrayBuffer>): Promise<Answer> {
    const headers: Record<string, string> = { authorization: `Bearer ${this.clientToken}` };
    if (path.startsWith('/v1/batch')) headers['content-type'] = 'application/json';
    return answerOf(
      fetch(this.urlOf(id) + path, { method, headers, ...(body === undefined ? {} : { body }) }),
    );
  }

  put(id: string, key: string, value: string): Promise<Answer> {
    return this.call(id, 'PUT', `/v1/kv?${new URLSearchParams({ key })}`, value);
  }

  get(id: string, key: string): Promise<Answer> {
    return this.call(id, 'GET', `/v1/kv?${new URLSearchParams({ key })}`);
  }

  delete(id: string, key: string): Promise<Answer> {
    return this.call(id, 'DELETE', `/v1/kv?${new URLSearchParams({ key })}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.nodes.values()].map(node => node.stop(0)));
  }
}

async function answerOf(response: Promise<Response>): Promise<Answer> {
  const { status, headers, ...rest } = await response.then(async r => ({
    status: r.status,
    headers: r.headers,
    text: await r.text(),
  }));
  const json = headers.get('content-type')?.includes('json') ? (JSON.parse(rest.text) as Answer['json']) : {};
  return { status, headers, text: rest.text, json };
}
