import type { Finding, Invariant } from '@quorate/sim';
import type { AppliedCommand } from './map-machine.ts';

interface Early {
  readonly id: string;
  readonly index: number;
  readonly term: number;
  /** Whether its replica can still tell: it was there, and has it in its log wherever it started anew. */
  told: boolean;
}

interface Lost {
  readonly from: number;
  readonly to: number;
  readonly term: number;
  readonly count: number;
  readonly exact: boolean;
}

const rule = 'losses-are-reported';

/**
 * What was acknowledged before it was committed is at the end either committed, or in a range that its replica reported as
 * lost. A range that is said to be exact begins and ends with what was lost, and counts it.
 */
export function lossesAreReported(): Invariant {
  const earlyOf = new Map<string, Early[]>();
  const lostOf = new Map<string, Lost[]>();
  const applied = new Set<string>();
  let members: readonly string[] = [];
  let committed = 0;
  const listOf = <Item>(lists: Map<string, Item[]>, node: string): Item[] => {
    const list = lists.get(node) ?? [];
    lists.set(node, list);
    return list;
  };
  return {
    name: rule,
    observe(fact) {
      const node = String(fact['node']);
      switch (fact.type) {
        case 'applied':
          for (const [, , id] of fact['commands'] as readonly AppliedCommand[]) applied.add(id);
          return undefined;
        case 'early':
          listOf(earlyOf, node).push({ ...(fact as unknown as Early), told: true });
          return undefined;
        case 'lost':
          listOf(lostOf, node).push(fact as unknown as Lost);
          return undefined;
        case 'tail': {
          const entries = new Map(fact['entries'] as readonly [number, number][]);
          for (const early of listOf(earlyOf, node)) {
            early.told &&= entries.get(early.index) === early.term || isCovered(early, listOf(lostOf, node));
          }
          return undefined;
        }
        case 'agreed':
          if ((fact['committed'] as number) < committed) return undefined;
          members = fact['members'] as readonly string[];
          committed = fact['committed'] as number;
          return undefined;
        default:
          return undefined;
      }
    },
    finish() {
      for (const [node, early] of earlyOf) {
        const gone = early.filter(({ id }) => !applied.has(id));
        const known = members.includes(node) ? committed : 0;
        const finding = judge(node, gone, listOf(lostOf, node), known);
        if (finding !== undefined) return finding;
      }
      return undefined;
    },
  };
}

function judge(
  node: string,
  gone: readonly Early[],
  lost: readonly Lost[],
  known: number,
): Finding | undefined {
  for (const each of gone) {
    if (each.index > known || !each.told || isCovered(each, lost)) continue;
    return {
      rule,
      message: `${node} lost note ${each.id} at ${each.index} of term ${each.term}, and says nothing`,
    };
  }
  for (const { from, to, term, count, exact } of lost) {
    if (!exact) continue;
    const own = gone.filter(each => each.term === term).map(({ index }) => index);
    const [first, last] = [Math.min(...own), Math.max(...own)];
    if (from === first && to === last && count === own.length) continue;
    return {
      rule: 'losses-are-exact',
      message: `${node} says that it lost ${count} from ${from} to ${to} of term ${term}: it lost ${own.length} from ${first} to ${last}`,
    };
  }
  return undefined;
}

function isCovered({ index, term }: Early, lost: readonly Lost[]): boolean {
  return lost.some(range => range.term === term && range.from <= index && index <= range.to);
}
