import type { TaskWait } from './lock-task.ts';
import { describeCircle, findDeadlock, type WaitNode } from './wait-graph.ts';

/** The circle that a wait closes within this process, in words. Costs as much as there is to be reached from it. */
export function closedCircle(wait: TaskWait): string | undefined {
  const nodes = localNodes(wait);
  const [start] = nodes;
  const circle = start && findDeadlock(nodes, start);
  return circle && describeCircle(circle);
}

/** Whom it waits for here, whom those wait for, and so on; itself first. */
function localNodes(first: TaskWait): readonly WaitNode[] {
  const nodes = new Map<TaskWait, WaitNode>();
  const reached = [first];
  for (const wait of reached) {
    const { place, task } = wait;
    if (nodes.has(wait) || task === undefined) continue;
    const blockers = [...place.blockers()];
    nodes.set(wait, {
      task: task.id,
      label: task.label,
      wanted: place.text,
      order: nodes.size,
      need: place.need,
      blockers: blockers.map(({ id }) => id),
    });
    for (const blocker of blockers) reached.push(...blocker.waits);
  }
  return [...nodes.values()];
}
