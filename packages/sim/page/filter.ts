import { type Group, groupOf } from './kind-group.ts';
import type { Run } from './run.ts';

/** What of a run is shown: kinds and lanes that are not hidden, and events with the text that is looked for. */
export class Filter {
  readonly hiddenGroups: Set<Group> = new Set();
  readonly hiddenLanes: Set<string> = new Set();
  query = '';

  /** One for each event that is shown. O(events), and their texts the first time that something is looked for. */
  shown(run: Run): Uint8Array {
    const shown = new Uint8Array(run.count);
    const kinds = run.data.kinds.map(kind => !this.hiddenGroups.has(groupOf(kind)));
    const lanes = run.data.lanes.map(({ name }) => !this.hiddenLanes.has(name));
    const words = this.query.toLowerCase().split(/\s+/).filter(Boolean);
    const texts = words.length === 0 ? [] : textsOf(run);
    for (let event = 0; event < run.count; event++) {
      const lane = run.lane(event);
      if (kinds[run.kinds[event] ?? 0] !== true || (lane >= 0 && lanes[lane] !== true)) continue;
      const text = texts[event] ?? '';
      if (words.every(word => text.includes(word))) shown[event] = 1;
    }
    return shown;
  }
}

const texts = new WeakMap<Run, readonly string[]>();

/** What a search looks at: node, kind and words of each event. */
function textsOf(run: Run): readonly string[] {
  let own = texts.get(run);
  if (own === undefined) {
    own = Array.from({ length: run.count }, (_, event) =>
      `${run.node(event)} ${run.type(event)} ${run.text(event)}`.toLowerCase(),
    );
    texts.set(run, own);
  }
  return own;
}
