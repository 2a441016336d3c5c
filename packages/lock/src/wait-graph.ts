/** Somebody who waits, and for whom. */
export interface WaitNode {
  /** Who. One task may wait for several things at once: then it has as many nodes. */
  readonly task: string;
  /** The later it began to wait, the higher. */
  readonly order: number;
  /** The tasks that hold what it waits for; one that holds two of it stands there twice. */
  readonly blockers: readonly string[];
  /** How many of these must never go, for this one to wait for ever. */
  readonly need: number;
  /** For people: the task, and what it waits for. */
  readonly label: string;
  readonly wanted: string;
}

/**
 * The circle of those that wait for each other which `start` is part of, from `start` on; undefined where it is in none.
 *
 * Whoever can still get what it waits for is taken away, and again, until only those are left who never can (the reduction of
 * resource graphs: Holt, "Some deadlock properties of computer systems", 1972, §4). So a semaphore is only a deadlock when too
 * many of its permits are stuck. Takes at most the square of the number of nodes.
 */
export function findDeadlock(nodes: readonly WaitNode[], start: WaitNode): readonly WaitNode[] | undefined {
  const stuck = reduce(nodes);
  if (!stuck.has(start)) return undefined;
  const byTask = new Map<string, WaitNode>();
  for (const node of stuck) byTask.set(node.task, node);
  byTask.set(start.task, start);
  // Every way from `start` leads on for ever; a search finds the shortest that leads back.
  const cameFrom = new Map<WaitNode, WaitNode | undefined>([[start, undefined]]);
  for (const node of cameFrom.keys()) {
    for (const blocker of node.blockers) {
      const next = byTask.get(blocker);
      if (next === start) return path(node, cameFrom);
      if (next !== undefined && !cameFrom.has(next)) cameFrom.set(next, node);
    }
  }
  return undefined;
}

/** The one that gives way: whoever began to wait last, by which everybody finds the same one. */
export function victimOf(circle: readonly WaitNode[]): WaitNode {
  return circle.reduce((victim, node) => (node.order > victim.order ? node : victim));
}

/** Who waits for whom, in words. */
export function describeCircle(circle: readonly WaitNode[]): string {
  const waits = circle.map(({ label, wanted }, index) => {
    const next = circle[(index + 1) % circle.length] as WaitNode;
    const holder = circle.length === 1 ? 'it holds itself' : `task "${next.label}" holds`;
    return `task "${label}" waits for ${wanted}, which ${holder}`;
  });
  return waits.join('; ');
}

function reduce(nodes: readonly WaitNode[]): ReadonlySet<WaitNode> {
  const stuck = new Set(nodes);
  for (let before = -1; before !== stuck.size; ) {
    before = stuck.size;
    const tasks = new Set([...stuck].map(({ task }) => task));
    for (const node of stuck) {
      const count = node.blockers.filter(blocker => tasks.has(blocker)).length;
      if (count < node.need) stuck.delete(node);
    }
  }
  return stuck;
}

function path(last: WaitNode, cameFrom: ReadonlyMap<WaitNode, WaitNode | undefined>): readonly WaitNode[] {
  const nodes: WaitNode[] = [];
  for (let node: WaitNode | undefined = last; node !== undefined; node = cameFrom.get(node))
    nodes.unshift(node);
  return nodes;
}
