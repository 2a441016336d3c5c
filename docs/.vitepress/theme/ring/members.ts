import type { NodeSpec } from '@quorate/ring';

/** A node of the picture. */
export interface Member extends NodeSpec {
  readonly id: string;
  readonly weight: number;
  /** Number of its colour, 0 to 9; it keeps it for as long as it is there. */
  readonly colour: number;
}

const NAMES = ['lima', 'oslo', 'cairo', 'delhi', 'perth', 'quito', 'tokyo', 'dakar', 'milan', 'seoul'];

/** As many as there are colours that can be told apart. */
export const MEMBERS_MAX: number = NAMES.length;

/** The first `count` nodes, each with weight 1. */
export function firstMembers(count: number): Member[] {
  const members: Member[] = [];
  while (members.length < count) members.push(nextMember(members));
  return members;
}

/** A node with the first name and the first colour that nobody has. */
export function nextMember(members: readonly Member[]): Member {
  const id = NAMES.find(name => members.every(member => member.id !== name));
  const colour = NAMES.findIndex((_, at) => members.every(member => member.colour !== at));
  if (id === undefined) throw new RangeError(`The picture has at most ${MEMBERS_MAX} nodes`);
  return { id, weight: 1, colour };
}

/** The keys that the picture follows: `user:0`, `user:1`, … */
export function sampleKeys(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `user:${at}`);
}
