import type { NodeStatus } from '@quorate/node';

/** Keys that changed hands page by page, and those that a client asked for before their page had come. */
export interface HandedOver {
  readonly inPages: number;
  readonly onDemand: number;
}

/** What the nodes have taken over between two looks at them. One that left in between took nothing over on its way out. */
export function handedOverSince(before: readonly NodeStatus[], after: readonly NodeStatus[]): HandedOver {
  const known = new Map(before.map(status => [status.id, status]));
  let inPages = 0;
  let onDemand = 0;
  for (const { id, pulledInPages, pulledOnDemand } of after) {
    inPages += pulledInPages - (known.get(id)?.pulledInPages ?? 0);
    onDemand += pulledOnDemand - (known.get(id)?.pulledOnDemand ?? 0);
  }
  return { inPages, onDemand };
}
