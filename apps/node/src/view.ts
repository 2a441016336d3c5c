import { nodeId } from '@quorate/core';
import { Ring } from '@quorate/ring';
import { fieldsOf } from './http/json.ts';
import { Problem } from './problem.ts';

/** A node of the cluster and where it listens. */
export interface Member {
  readonly id: string;
  readonly url: string;
}

/**
 * Who is in the cluster, as the supervisor says it and as nodes pass it on to each other.
 *
 * The supervisor is the only author, so epochs are a total order: of two views, the one with the higher epoch is newer.
 */
export interface ViewRecord {
  /** Grows by one with each change; the first is 1. */
  readonly epoch: number;
  /** The nodes that own keys. */
  readonly members: readonly Member[];
  /** The members of the last view whose handover had finished: where the data come from. In it, a leaving node is still there. */
  readonly base: readonly Member[];
  /** Nodes of `base` or of views since that died: nothing can be asked of them. */
  readonly lost: readonly string[];
}

const membersMax = 64;

/** So that versions, which start with the epoch, stay exact integers. */
const epochMax = 0x1f_ffff;

/** A view with its rings built. Immutable. */
export class View {
  readonly record: ViewRecord;
  readonly ring: Ring;
  readonly baseRing: Ring;
  readonly #urls = new Map<string, string>();

  constructor(record: ViewRecord) {
    this.record = record;
    this.ring = ringOf(record.members);
    this.baseRing = ringOf(record.base);
    for (const { id, url } of [...record.base, ...record.members]) this.#urls.set(id, url);
  }

  get epoch(): number {
    return this.record.epoch;
  }

  owner(key: string): string {
    return this.ring.get(key);
  }

  /** Who owned the key before the change that is under way, or still does. */
  baseOwner(key: string): string {
    return this.baseRing.get(key);
  }

  isMember(id: string): boolean {
    return this.record.members.some(member => member.id === id);
  }

  isLost(id: string): boolean {
    return this.record.lost.includes(id);
  }

  /** @throws Problem `UNKNOWN_NODE` */
  urlOf(id: string): string {
    const url = this.#urls.get(id);
    if (url === undefined) {
      throw new Problem(409, 'UNKNOWN_NODE', `Node ${JSON.stringify(id)} is not in view ${this.epoch}`);
    }
    return url;
  }

  /** The living nodes of base from which keys move to `id`. Exact, from the ranges that differ between the two rings. */
  sourcesOf(id: string): string[] {
    const sources = new Set<string>();
    for (const { from, to } of this.baseRing.diff(this.ring).ranges) {
      if (to === id && from !== undefined && !this.isLost(from)) sources.add(from);
    }
    return [...sources];
  }
}

/** The ring that all nodes and the supervisor agree on: the package's default, all weights equal. */
export function ringOf(members: readonly Member[]): Ring {
  return Ring.build({ nodes: members.map(member => member.id) });
}

/** Whether two lists name the same nodes at the same addresses. */
export function sameMembers(left: readonly Member[], right: readonly Member[]): boolean {
  const urls = new Map(left.map(member => [member.id, member.url]));
  return left.length === right.length && right.every(member => urls.get(member.id) === member.url);
}

/** A view that arrived over the network. @throws Problem `BAD_VIEW` */
export function parseView(value: unknown): ViewRecord {
  const fields = fieldsOf(value, 'A view');
  const { epoch, lost } = fields;
  if (!Number.isSafeInteger(epoch) || (epoch as number) < 1 || (epoch as number) > epochMax) {
    throw badView(`its epoch must be an integer from 1 to ${epochMax}`);
  }
  const members = parseMembers(fields['members'], 'members');
  const base = parseMembers(fields['base'], 'base');
  if (!Array.isArray(lost) || lost.length > membersMax || !lost.every(id => typeof id === 'string')) {
    throw badView('lost must be a list of node ids');
  }
  return { epoch: epoch as number, members, base, lost };
}

function parseMembers(value: unknown, name: string): Member[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > membersMax) {
    throw badView(`${name} must be a list of 1 to ${membersMax} nodes`);
  }
  const members = value.map(entry => parseMember(entry, name));
  if (new Set(members.map(member => member.id)).size !== members.length) {
    throw badView(`${name} names a node twice`);
  }
  return members;
}

/** Nodes send their secret to the addresses of a view, so an address that is not loopback is refused here. */
function parseMember(value: unknown, name: string): Member {
  const { id, url } = fieldsOf(value, `A node of ${name}`);
  if (typeof id !== 'string' || typeof url !== 'string') throw badView(`${name} must hold ids and urls`);
  if (!/^http:\/\/(127\.0\.0\.1|\[::1\]):\d{1,5}$/.test(url)) {
    throw badView(`the url of ${JSON.stringify(id)} must be on loopback: received ${JSON.stringify(url)}`);
  }
  try {
    return { id: nodeId(id), url };
  } catch (cause) {
    throw badView((cause as Error).message);
  }
}

function badView(what: string): Problem {
  return new Problem(400, 'BAD_VIEW', `The view is refused: ${what}`);
}
