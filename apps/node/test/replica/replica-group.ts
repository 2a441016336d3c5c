import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClusterNodeOptions, ReplicaMember, ReplicaReport } from '@quorate/node';
import { createClusterAuthority } from '@quorate/transport/tcp';
import { type Answer, TestCluster } from '../test-cluster.ts';

const ids = ['n1', 'n2', 'n3'];
/** Longer than a busy machine keeps this process waiting, so that whoever leads does so until a test ends that. */
const electionTimeoutMs = 2000;

/** Three nodes of this process that host replicas, over TCP and with journals on disk. */
export class TestGroup implements AsyncDisposable {
  readonly cluster: TestCluster;
  readonly #folder = mkdtempSync(join(tmpdir(), 'quorate-group-'));
  readonly #authority = createClusterAuthority({ cluster: 'demo' });
  readonly #addresses = new Map<string, string>();

  private constructor(cluster: TestCluster) {
    this.cluster = cluster;
  }

  static async start(options: Partial<ClusterNodeOptions> = {}): Promise<TestGroup> {
    const group = new TestGroup(await TestCluster.start(ids, options));
    for (const id of ids) await group.#listen(id);
    await Promise.all([...group.cluster.nodes.values()].map(({ seat }) => seat.join(group.members)));
    return group;
  }

  get members(): ReplicaMember[] {
    return [...this.cluster.nodes.values()].map(({ id, url }) => ({
      id,
      url,
      address: this.#addresses.get(id) ?? '',
    }));
  }

  /** Ends a node at once. */
  async crash(id: string): Promise<void> {
    await this.cluster.crash(id);
  }

  /** Starts it again on its journal. @returns the last entry in there */
  async restart(id: string): Promise<number> {
    await this.cluster.startNode(id);
    await this.#listen(id);
    for (const node of this.cluster.nodes.values()) if (node.id !== id) node.seat.moved(this.members);
    return (await this.cluster.nodes.get(id)?.seat.join(this.members)) ?? -1;
  }

  async report(id: string): Promise<ReplicaReport> {
    return (await this.cluster.call(id, 'GET', '/v1/replica')).json as unknown as ReplicaReport;
  }

  /** Looks until one leads in a term above `term`. */
  async leader(term = 0): Promise<string> {
    return this.until(reports => reports.find(report => report.role === 'leader' && report.term > term)?.id);
  }

  /** Looks at all living replicas until something is there. */
  async until<T>(found: (reports: readonly ReplicaReport[]) => T | undefined): Promise<T> {
    const endMs = performance.now() + 30_000;
    for (;;) {
      const reports = await Promise.all([...this.cluster.nodes.keys()].map(id => this.report(id)));
      const result = found(reports);
      if (result !== undefined) return result;
      if (performance.now() > endMs) throw new Error(`Not within 30 s: ${JSON.stringify(reports)}`);
      await new Promise(resolve => setTimeout(resolve, 10));
    }
  }

  /** One request to the map, with headers of its own. */
  async call(
    id: string,
    method: string,
    key: string,
    { value, headers = {} }: { value?: string; headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    const path = `/v1/replicated?${new URLSearchParams({ key })}`;
    const response = await fetch(this.cluster.urlOf(id) + path, {
      method,
      headers: { authorization: `Bearer ${this.cluster.clientToken}`, ...headers },
      ...(value === undefined ? {} : { body: value }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') === true;
    const json = isJson ? (JSON.parse(text) as Answer['json']) : {};
    return { status: response.status, headers: response.headers, text, json };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cluster[Symbol.asyncDispose]();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #listen(id: string): Promise<void> {
    const task = { members: ids, tls: this.#authority.issue(id), electionTimeoutMs };
    const seat = this.cluster.nodes.get(id)?.seat;
    this.#addresses.set(id, (await seat?.listen({ ...task, folder: join(this.#folder, id) })) ?? '');
  }
}
