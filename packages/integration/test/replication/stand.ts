import { fileURLToPath } from 'node:url';
import type { Random } from '@quorate/core';
import { freePort } from '@quorate/servers';
import type { ClientsAsk, ClientsTask } from './clients-task.ts';
import { Mesh } from './mesh.ts';
import { clientsName, type NodeAsk, type NodeNews, type NodeStatus, type NodeTask } from './node-task.ts';
import { ToldProcess } from './told-process.ts';
import { Volumes } from './volumes.ts';

const nodeProgram = fileURLToPath(new URL('node.ts', import.meta.url));
const clientsProgram = fileURLToPath(new URL('clients.ts', import.meta.url));
export const electionTimeoutMs = 500;
/** How fast clocks go. The first is the slowest: as a leader it believes longest that it is one. */
const rates = [0.6, 1.2, 1.15, 1, 1.2];
/** More than clocks differ by in an election timeout, which is what leases ask for. */
const leaseMarginMs = electionTimeoutMs * 0.62;
const wallAheadMaxMs = 3_600_000;
const statusMs = 400;

/** Replicas in processes of their own, the links between them, their disks, and the process of their clients. */
export class Stand implements AsyncDisposable {
  readonly names: readonly string[];
  readonly mesh: Mesh;
  readonly volumes: Volumes;
  /** What nobody may do, and happened. */
  readonly wrongs: string[] = [];
  /** How often what happened. */
  readonly reached = new Map<string, number>();
  readonly #random: Random;
  readonly #ports: ReadonlyMap<string, number>;
  readonly #nodes = new Map<string, ToldProcess<NodeAsk, NodeNews>>();
  readonly #leaders = new Map<number, string>();
  #starts = 0;
  #clients: ToldProcess<ClientsAsk, never> | undefined;

  private constructor(ports: ReadonlyMap<string, number>, mesh: Mesh, volumes: Volumes, random: Random) {
    this.names = [...ports.keys()];
    this.mesh = mesh;
    this.volumes = volumes;
    this.#ports = ports;
    this.#random = random;
  }

  static async open(names: readonly string[], random: Random): Promise<Stand> {
    const ports = new Map<string, number>();
    for (const name of names) ports.set(name, await freePort());
    await using stack = new AsyncDisposableStack();
    const mesh = stack.use(await Mesh.open([...names, clientsName], ports));
    const volumes = stack.use(await Volumes.open(names));
    const stand = stack.use(new Stand(ports, mesh, volumes, random));
    await Promise.all(names.map(name => stand.start(name)));
    stack.move();
    return stand;
  }

  /** In how many terms there was a leader. */
  get termCount(): number {
    return this.#leaders.size;
  }

  /** Starts a replica on the journal that it left, if it left one. Settles when it takes part. */
  async start(name: string): Promise<void> {
    const place = this.names.indexOf(name);
    const task: NodeTask = {
      id: name,
      members: this.names,
      port: this.#ports.get(name) as number,
      peers: this.mesh.addresses(name),
      folder: this.volumes.journal(name),
      seed: ++this.#starts,
      rate: rates[place % rates.length] as number,
      wallAheadMs: this.#random.below(wallAheadMaxMs),
      electionTimeoutMs,
      leaseMarginMs,
    };
    const command = this.volumes.command(process.execPath, nodeProgram, JSON.stringify(task));
    const node = new ToldProcess<NodeAsk, NodeNews>(
      command,
      news => this.#hear(name, news),
      how => this.wrongs.push(`${name} ${how}`),
    );
    this.#nodes.set(name, node);
    await node.ready();
  }

  node(name: string): ToldProcess<NodeAsk, NodeNews> {
    return this.#nodes.get(name) as ToldProcess<NodeAsk, NodeNews>;
  }

  /** What one of them says of itself; undefined where it does not answer. */
  async status(name: string): Promise<NodeStatus | undefined> {
    return (await this.node(name).ask({ do: 'status' }, statusMs)) as NodeStatus | undefined;
  }

  /** Who leads in the highest term of those that say so. */
  async leader(): Promise<string | undefined> {
    const statuses = await Promise.all(this.names.map(name => this.status(name)));
    let latest: string | undefined;
    let term = 0;
    for (const [place, status] of statuses.entries()) {
      if (status?.role !== 'leader' || status.term <= term) continue;
      term = status.term;
      latest = this.names[place];
    }
    return latest;
  }

  async startClients(seed: number, roaming: number): Promise<ToldProcess<ClientsAsk, never>> {
    const task: ClientsTask = { addresses: this.mesh.addresses(clientsName), seed, roaming };
    const command = [process.execPath, clientsProgram, JSON.stringify(task)];
    this.#clients = new ToldProcess(
      command,
      () => {},
      how => this.wrongs.push(`The clients ${how}`),
    );
    await this.#clients.ready();
    return this.#clients;
  }

  reach(what: string): void {
    this.reached.set(what, (this.reached.get(what) ?? 0) + 1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#clients?.kill();
    await Promise.all([...this.#nodes.values()].map(node => node.kill()));
    await this.mesh[Symbol.asyncDispose]();
    await this.volumes[Symbol.asyncDispose]();
  }

  #hear(name: string, news: NodeNews): void {
    if (news.type === 'failed') this.wrongs.push(`${name} failed: ${news.why}`);
    else if (news.type === 'reached') this.reach(news.what);
    else {
      const known = this.#leaders.get(news.term) ?? name;
      this.#leaders.set(news.term, known);
      if (known !== name) this.wrongs.push(`${known} and ${name} lead in term ${news.term}`);
    }
  }
}
