import type { NodeId } from '@quorate/core';
import { entryKind } from '../../src/raft/entry-kind.ts';
import type { Membership } from '../../src/raft/membership.ts';
import { sortedIds } from '../../src/raft/membership.ts';
import { EtcdNode, type Parcel } from './etcd-node.ts';
import { changesOf, firstFormat, messageText, messageType, progressText, roleText } from './etcd-text.ts';
import type { TranscriptBlock } from './transcript.ts';

const transitions: ReadonlyMap<string, 'auto' | 'joint-implicit' | 'joint-explicit'> = new Map([
  ['auto', 'auto'],
  ['implicit', 'joint-implicit'],
  ['explicit', 'joint-explicit'],
]);

/** The nodes of a transcript, the bag of messages between them, and its commands (etcd `rafttest.InteractionEnv`). */
export class EtcdCluster {
  readonly #nodes: EtcdNode[] = [];
  #bag: Parcel[] = [];
  #lines: string[] = [];

  /** Runs one command. Returns what it prints. */
  run(block: TranscriptBlock): string {
    this.#lines = [];
    const command = this.#commands[block.command];
    if (command === undefined) throw new Error(`Line ${block.line}: no command is called ${block.command}`);
    command(block);
    return this.#lines.join('\n');
  }

  readonly #commands: Record<string, (block: TranscriptBlock) => void> = {
    'log-level': () => {},
    'add-nodes': block => this.#addNodes(block),
    campaign: block => this.#first(block).raft.campaign(),
    propose: ({ words }) => {
      const payload = new TextEncoder().encode(words[1] ?? '');
      this.#node(words[0]).raft.propose([{ kind: entryKind.command, payload }]);
    },
    'propose-conf-change': block => this.#proposeChange(block),
    'process-ready': block => this.#each(block, 'handling Ready', node => this.#ready(node)),
    'process-append-thread': block =>
      this.#each(block, 'processing append thread', node => this.#append(node)),
    'process-apply-thread': block => this.#each(block, 'processing apply thread', node => this.#apply(node)),
    stabilize: block => this.#stabilize(block),
    'deliver-msgs': block => this.#deliverCommand(block),
    'raft-log': block => this.#lines.push(...this.#first(block).logText()),
    'raft-state': () => this.#printStates(),
    status: block => this.#lines.push(...this.#first(block).raft.status().progress.map(progressText)),
    compact: block => {
      this.#first(block).compact(Number(block.words[1]));
      this.#lines.push(...this.#first(block).logText());
    },
    'tick-heartbeat': block => this.#first(block).raft.tick(),
    'tick-election': block => {
      for (let tick = 0; tick < 3; tick++) this.#first(block).raft.tick();
    },
    'set-randomized-election-timeout': block =>
      this.#first(block).raft.setElectionTimeout(Number(block.options.get('timeout')?.[0])),
    'transfer-leadership': ({ options }) => {
      this.#node(options.get('from')?.[0]).raft.transferLeadership(options.get('to')?.[0] as NodeId);
    },
    'forget-leader': block => this.#first(block).raft.forgetLeader(),
    'report-unreachable': block => this.#first(block).raft.reportUnreachable(block.words[1] as NodeId),
  };

  #addNodes({ words, options }: TranscriptBlock): void {
    const flag = (name: string) => options.get(name)?.[0] === 'true';
    const ids = (name: string) => sortedIds((options.get(name) ?? []) as NodeId[]);
    const membership: Membership = {
      voters: ids('voters'),
      votersOutgoing: [],
      learners: ids('learners'),
      learnersNext: [],
      autoLeave: false,
    };
    for (let count = Number(words[0]); count > 0; count--) {
      this.#nodes.push(
        new EtcdNode({
          id: String(this.#nodes.length + 1) as NodeId,
          membership,
          index: Number(options.get('index')?.[0] ?? 0),
          inflightMax: Number(options.get('inflight')?.[0] ?? 1 << 30),
          preVote: flag('prevote'),
          checkQuorum: flag('checkquorum'),
          leaseReads: options.get('read-only')?.[0] === 'lease-based',
          asyncWrites: flag('async-storage-writes'),
          stepDownOnRemoval: flag('step-down-on-removal'),
          uncheckedMembershipChanges: flag('disable-conf-change-validation'),
          applyMax: options.has('max-committed-size-per-ready') ? 1 : 0,
        }),
      );
    }
  }

  /** A change that is refused goes into the log as an empty entry in etcd; our core appends nothing, so that is done here. */
  #proposeChange({ words, options, body }: TranscriptBlock): void {
    const { raft } = this.#node(words[0]);
    const v1 = options.get('v1')?.[0] === 'true';
    const outcome = raft.changeMembership({
      transition: transitions.get(options.get('transition')?.[0] ?? 'auto') ?? 'auto',
      changes: changesOf(body),
      ...(v1 ? { context: firstFormat } : {}),
    });
    if (outcome.accepted || outcome.refused === 'not-leader' || outcome.refused === 'transferring') return;
    raft.propose([{ kind: entryKind.command, payload: new Uint8Array(0) }]);
  }

  #stabilize({ words }: TranscriptBlock): void {
    const nodes = words.length === 0 ? this.#nodes : words.map(word => this.#node(word));
    let done = false;
    while (!done) {
      done = true;
      for (const node of nodes) {
        if (!node.hasReady) continue;
        this.#lines.push(`> ${node.raft.id} handling Ready`);
        this.#ready(node);
        done = false;
      }
      for (const node of nodes) {
        if (!this.#bag.some(({ to }) => to === node.raft.id)) continue;
        this.#lines.push(`> ${node.raft.id} receiving messages`);
        this.#deliver(node.raft.id, undefined, false);
        done = false;
      }
      for (const node of nodes) {
        if (node.appendWork.length === 0) continue;
        this.#lines.push(`> ${node.raft.id} processing append thread`);
        while (node.appendWork.length > 0) this.#append(node);
        done = false;
      }
      for (const node of nodes) {
        if (node.applyWork.length === 0) continue;
        while (node.applyWork.length > 0) this.#apply(node);
        done = false;
      }
    }
  }

  #ready(node: EtcdNode): void {
    const { printed, parcels } = node.ready();
    this.#lines.push(...printed);
    this.#bag.push(...parcels);
  }

  #append(node: EtcdNode): void {
    const { printed, parcels } = node.appendWork.shift()?.() ?? { printed: [], parcels: [] };
    this.#lines.push(...printed);
    this.#bag.push(...parcels);
  }

  #apply(node: EtcdNode): void {
    this.#bag.push(...(node.applyWork.shift()?.() ?? []));
  }

  #deliverCommand({ words, options }: TranscriptBlock): void {
    const type = options.get('type')?.[0];
    for (const id of words) this.#deliver(id, type, false);
    for (const id of options.get('drop') ?? []) this.#deliver(id, type, true);
  }

  #deliver(id: string, type: string | undefined, drop: boolean): void {
    const wanted = (parcel: Parcel) =>
      parcel.to === id &&
      ('message' in parcel ? type === undefined || messageType(parcel.message) === type : !drop && !type);
    const parcels = this.#bag.filter(wanted);
    this.#bag = this.#bag.filter(parcel => !wanted(parcel));
    for (const parcel of parcels) {
      if ('local' in parcel) {
        parcel.local();
        continue;
      }
      this.#lines.push(`${drop ? 'dropped: ' : ''}${messageText(parcel.message)}`);
      if (!drop) this.#node(id).raft.step(parcel.message);
    }
  }

  #printStates(): void {
    for (const { raft } of this.#nodes) {
      const { id, role, term, leader, membership } = raft.status();
      const voter = membership.voters.includes(id) || membership.votersOutgoing.includes(id);
      this.#lines.push(
        `${id}: ${roleText(role)} (${voter ? 'Voter' : 'Non-Voter'}) Term:${term} Lead:${leader ?? 0}`,
      );
    }
  }

  #each({ words }: TranscriptBlock, what: string, run: (node: EtcdNode) => void): void {
    for (const word of words) {
      if (words.length > 1) this.#lines.push(`> ${word} ${what}`);
      run(this.#node(word));
    }
  }

  #first(block: TranscriptBlock): EtcdNode {
    return this.#node(block.words[0]);
  }

  #node(id: string | undefined): EtcdNode {
    const node = this.#nodes[Number(id) - 1];
    if (node === undefined) throw new Error(`No node is called ${id}`);
    return node;
  }
}
