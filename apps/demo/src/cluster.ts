import { type Clock, QuorateError, sleep } from '@quorate/core';
import { createToken, type Member, type NodeStatus, View, type ViewRecord } from '@quorate/node';
import { ClusterClient } from './cluster-client.ts';
import { NodeFolders } from './node-folders.ts';
import { NodeProcess, type NodeSecrets } from './node-process.ts';
import type { Tape } from './tape.ts';

const pollMs = 25;
const resendMs = 50;
const settleDeadlineMs = 60_000;

/** What the cluster calls when a process has ended without being asked to stop, before anybody else is told. */
export type CrashListener = (id: string, view: View, settled: boolean) => void;

/** What the cluster calls with each view that takes another's place. */
export type ViewListener = (before: View, after: View) => void;

/**
 * The supervisor's part: starts and ends the processes, and is the only author of views.
 *
 * A planned change (add, remove) waits for the one before it. A crash does not wait: the view without the dead node goes out
 * at once, even in the middle of a change, and the change goes on from there. Each node gets the views in order.
 */
export class Cluster implements AsyncDisposable {
  readonly client: ClusterClient;
  readonly #control: ClusterClient;
  readonly secrets: NodeSecrets = { clientToken: createToken(), peerToken: createToken() };
  readonly #clock: Clock;
  readonly #tape: Tape;
  readonly #processes = new Map<string, NodeProcess>();
  readonly #folders = new NodeFolders();
  readonly #viewListeners = new Set<ViewListener>();
  readonly #crashListeners = new Set<CrashListener>();
  readonly #expectedToEnd = new Set<string>();
  /** All views so far: the one of epoch e at e - 1. */
  readonly #views: View[] = [];
  #settled = true;
  #nodesStarted = 0;
  #turn: Promise<unknown> = Promise.resolve();
  #closing = false;

  constructor(clock: Clock, tape: Tape) {
    this.#clock = clock;
    this.#tape = tape;
    this.client = new ClusterClient(this.secrets.clientToken, clock);
    this.#control = new ClusterClient(this.secrets.peerToken, clock);
  }

  /** @throws QuorateError `NO_NODES` before the start and after the last node has died */
  get view(): View {
    const view = this.#views.at(-1);
    if (view === undefined) throw noNodes();
    return view;
  }

  /** The view before the newest one. */
  get viewBefore(): View | undefined {
    return this.#views.at(-2);
  }

  get settled(): boolean {
    return this.#settled;
  }

  /** The living processes: members, and the one that is leaving. */
  get processes(): readonly NodeProcess[] {
    return [...this.#processes.values()].toSorted((left, right) =>
      left.id.localeCompare(right.id, 'en', { numeric: true }),
    );
  }

  /** The living members, which take requests. */
  get members(): readonly Member[] {
    return this.#views.length === 0
      ? []
      : this.view.record.members.filter(({ id }) => this.#processes.has(id));
  }

  onView(listener: ViewListener): void {
    this.#viewListeners.add(listener);
  }

  onCrash(listener: CrashListener): void {
    this.#crashListeners.add(listener);
  }

  /** Starts the first nodes, side by side. @throws QuorateError `NODE_START_FAILED`; none is left running then */
  start(count: number): Promise<void> {
    return this.#exclusive(async () => {
      const starts = await Promise.allSettled(
        Array.from({ length: count }, () => this.#startProcess(this.#nextId())),
      );
      const failed = starts.find(start => start.status === 'rejected');
      if (failed !== undefined) {
        await Promise.all(this.processes.map(node => node.stop()));
        throw failed.reason;
      }
      const members = this.processes.map(({ id, url }) => ({ id, url }));
      this.#publish({ members, base: members, lost: [] });
      await this.#settle();
    });
  }

  /** Starts one more node and hands it its share. Resolves with its id when the handover has settled. */
  add(): Promise<string> {
    return this.#exclusive(async () => this.#takeIn(await this.#startProcess(this.#nextId())));
  }

  /**
   * Starts a node that has died again: the same name and folder, and nothing in memory. It joins the ring as a new one would,
   * after `whenUp` is done with it. @throws QuorateError `NODE_RUNS`
   */
  restart(id: string, whenUp: (node: NodeProcess) => Promise<void>): Promise<string> {
    return this.#exclusive(async () => {
      if (this.#processes.has(id)) {
        throw new QuorateError('NODE_RUNS', `Node ${id} runs already`, { outcome: 'not-applied' });
      }
      const node = await this.#startProcess(id);
      try {
        await whenUp(node);
      } catch (error) {
        node.kill();
        await node.exit;
        throw error;
      }
      return this.#takeIn(node);
    });
  }

  /** Drains a node, and stops its process once everything it had is elsewhere. @throws QuorateError `UNKNOWN_NODE`, `LAST_NODE` */
  remove(id: string): Promise<'drained' | 'died'> {
    return this.#exclusive(async () => {
      const leaving = this.#memberToEnd(id);
      const before = this.members;
      this.#publish({ members: before.filter(member => member.id !== id), base: before, lost: [] });
      this.#tape.write('change', `${id} leaves: view ${this.view.epoch}, its keys are on their way`);
      await this.#settle();
      if (!this.#processes.has(id)) return 'died';
      this.#expectedToEnd.add(id);
      await leaving.stop();
      this.#folders.remove(id);
      return 'drained';
    });
  }

  /** Ends a node with SIGKILL. Resolves when the others serve without it. @throws QuorateError `UNKNOWN_NODE`, `LAST_NODE` */
  kill(id: string): Promise<void> {
    return this.#exclusive(async () => {
      const victim = this.#memberToEnd(id);
      this.#tape.write('change', `kill -9 ${id}`);
      victim.kill();
      await victim.exit;
      await this.#settle();
    });
  }

  /** What every living node tells about itself; one that does not answer is left out. */
  async statuses(withinMs?: number): Promise<NodeStatus[]> {
    const asked = this.processes.map(({ url }) => this.#control.status(url, withinMs));
    const answers = await Promise.allSettled(asked);
    return answers.flatMap(answer => (answer.status === 'fulfilled' ? [answer.value] : []));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true;
    await Promise.all(this.processes.map(node => node.stop()));
    this.#folders[Symbol.dispose]();
  }

  #exclusive<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(change);
    this.#turn = turn.catch(() => {});
    return turn;
  }

  #nextId(): string {
    return `n${++this.#nodesStarted}`;
  }

  async #takeIn({ id, url }: NodeProcess): Promise<string> {
    const before = this.members;
    const members = [...before, { id, url }];
    this.#publish({ members, base: before.length === 0 ? members : before, lost: [] });
    this.#tape.write('change', `${id} joins: view ${this.view.epoch}`);
    await this.#settle();
    return id;
  }

  async #startProcess(id: string): Promise<NodeProcess> {
    if (this.#closing) throw closing();
    const folder = this.#folders.of(id);
    const node = await NodeProcess.start(id, this.secrets, this.#clock, { folder });
    if (this.#closing) {
      await node.stop();
      throw closing();
    }
    this.#processes.set(id, node);
    void node.exit.then(() => this.#ended(node));
    return node;
  }

  #memberToEnd(id: string): NodeProcess {
    const node = this.#processes.get(id);
    if (node === undefined || !this.members.some(member => member.id === id)) {
      throw new QuorateError('UNKNOWN_NODE', `Node ${JSON.stringify(id)} is not a member`, {
        outcome: 'not-applied',
      });
    }
    if (this.members.length === 1) {
      const detail = `${id} is the last node: without it there is no cluster left to show`;
      throw new QuorateError('LAST_NODE', detail, { outcome: 'not-applied' });
    }
    return node;
  }

  #ended(node: NodeProcess): void {
    this.#processes.delete(node.id);
    if (!this.#closing && !this.#expectedToEnd.has(node.id)) this.#crashed(node.id);
  }

  /** The view without a node that has died. One that no view names has taken nothing with it. */
  #crashed(dead: string): void {
    if (this.#views.length === 0) return;
    const { view } = this;
    const { base, members, lost } = view.record;
    const isSource = !this.#settled && !view.isLost(dead) && base.some(({ id }) => id === dead);
    if (!view.isMember(dead) && !isSource) return;
    for (const listener of this.#crashListeners) listener(dead, view, this.#settled);
    const left = members.filter(({ id }) => id !== dead);
    if (left.length === 0) this.#settled = true;
    else if (this.#settled) this.#publish({ members: left, base: members, lost: [dead] });
    else this.#publish({ members: left, base, lost: [...lost, dead] });
  }

  /** Writes the next view and sends it to everybody, without waiting. */
  #publish(content: Omit<ViewRecord, 'epoch'>): void {
    const epoch = this.#views.length + 1;
    this.#views.push(new View({ epoch, ...content }));
    this.#settled = false;
    const { view, viewBefore } = this;
    if (viewBefore !== undefined) for (const listener of this.#viewListeners) listener(viewBefore, view);
    for (const node of this.processes) void this.#deliver(node, epoch);
    // A member can have died between its start and this view.
    for (const { id } of content.members)
      if (!this.#processes.has(id)) queueMicrotask(() => this.#crashed(id));
  }

  /** Sends one view until it has arrived, or the node is gone, or a newer view takes over (which brings this one along). */
  async #deliver(node: NodeProcess, epoch: number): Promise<void> {
    let next = epoch;
    while (this.#processes.has(node.id) && this.#views.length === epoch) {
      const view = this.#views[next - 1];
      if (view === undefined) return;
      try {
        await this.#control.peer(node.url, '/v1/peer/view', view.record);
        if (next === epoch) return;
        next++;
      } catch (error) {
        // The node is further behind than one view: it gets them one after the other.
        if (error instanceof QuorateError && error.code === 'VIEW_GAP' && next > 1) next--;
        else await sleep(this.#clock, resendMs);
      }
    }
  }

  /** Waits until every living node is in the newest view with nothing left to pull, then lets them forget the old one. */
  async #settle(): Promise<void> {
    const endMs = this.#clock.monotonicMs() + settleDeadlineMs;
    while (this.#views.length > 0) {
      const { epoch } = this.view;
      const statuses = await this.statuses();
      const done = statuses.every(status => status.epoch === epoch && status.openSources.length === 0);
      if (done && statuses.length === this.#processes.size && epoch === this.view.epoch) {
        this.#settled = true;
        const told = this.processes.map(({ url }) => this.#control.peer(url, '/v1/peer/settle', { epoch }));
        await Promise.allSettled(told);
        if (this.#settled) return;
      }
      if (this.#clock.monotonicMs() > endMs) {
        const detail = `View ${epoch} has not settled within ${settleDeadlineMs} ms`;
        throw new QuorateError('CHANGE_STUCK', detail, { outcome: 'unknown' });
      }
      await sleep(this.#clock, pollMs);
    }
  }
}

function closing(): QuorateError {
  return new QuorateError('CLOSING', 'The cluster is being shut down', { outcome: 'not-applied' });
}

function noNodes(): QuorateError {
  return new QuorateError('NO_NODES', 'No node is running', { outcome: 'not-applied', retryable: true });
}
