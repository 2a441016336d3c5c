import type { Filter } from './filter.ts';
import { type Group, groupNames, groupOf } from './kind-group.ts';
import { found, make } from './make.ts';
import type { RunModel } from './run-model.ts';

/** Switches for kinds and lanes, and the text search. Calls `changed` after each change. */
export function showFilters(filter: Filter, models: readonly RunModel[], changed: () => void): void {
  const counts = new Map<Group, number>();
  for (const { run } of models) {
    for (const kind of run.kinds) {
      const group = groupOf(run.data.kinds[kind] ?? '');
      counts.set(group, (counts.get(group) ?? 0) + 1);
    }
  }
  const kinds = groupNames.filter(group => counts.has(group));
  found('kinds', HTMLElement).append(
    ...kinds.map(group =>
      toggle(group, `g-${group}`, counts.get(group) ?? 0, on => {
        if (on) filter.hiddenGroups.delete(group);
        else filter.hiddenGroups.add(group);
        changed();
      }),
    ),
  );
  const names = new Map(models.flatMap(({ run }) => run.data.lanes.map(lane => [lane.name, lane] as const)));
  found('nodes', HTMLElement).append(
    ...[...names.values()].map(({ name, client }) =>
      toggle(name, client ? 'client' : 'node', undefined, on => {
        if (on) filter.hiddenLanes.delete(name);
        else filter.hiddenLanes.add(name);
        changed();
      }),
    ),
  );
  const search = found('search', HTMLInputElement);
  let waiting = 0;
  search.addEventListener('input', () => {
    clearTimeout(waiting);
    waiting = window.setTimeout(() => {
      filter.query = search.value;
      changed();
    }, 120);
  });
}

function toggle(
  name: string,
  className: string,
  count: number | undefined,
  change: (on: boolean) => void,
): HTMLElement {
  const box = make('input', '');
  box.type = 'checkbox';
  box.checked = true;
  box.addEventListener('change', () => change(box.checked));
  const label = make('label', `toggle ${className}`, box, name);
  if (count !== undefined) label.append(make('span', 'count', count.toLocaleString('en-US')));
  return label;
}
