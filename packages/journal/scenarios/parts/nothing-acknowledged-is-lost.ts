import type { Fact, Finding, Invariant } from '@quorate/sim';
import { describePart, emptyGroup } from './known-group.ts';

/** What the journal may hold of one part of a group, the oldest first: what was acknowledged last, and what was called since. */
interface Expected {
  states: { step: number; state: string }[];
}

const rule = 'nothing-acknowledged-is-lost';

/** What a group was told is durable is found again, in order and whole, with any prefix of what was not (Pillai et al., "All File Systems Are Not Created Equal", OSDI 2014). */
export function nothingAcknowledgedIsLost(): Invariant {
  const parts = new Map<string, Expected>();
  const expectedOf = (fact: Fact): Expected => {
    const part = fact['part'] === 'snapshot' ? 'snapshot' : 'log';
    const key = `${String(fact['node'])} ${String(fact['group'])} ${part}`;
    const known = parts.get(key) ?? { states: [{ step: 0, state: describePart(emptyGroup(), part) }] };
    parts.set(key, known);
    return known;
  };
  return {
    name: rule,
    observe(fact): Finding | undefined {
      switch (fact.type) {
        case 'journal-called':
          expectedOf(fact).states.push({ step: Number(fact['step']), state: String(fact['state']) });
          return undefined;
        case 'journal-done': {
          const expected = expectedOf(fact);
          expected.states = expected.states.filter(({ step }) => step >= Number(fact['step']));
          return undefined;
        }
        case 'journal-recovered':
          return recovered(fact, expectedOf(fact));
        case 'journal-misread': {
          const { node, group, from, last } = fact;
          const message = `Node ${String(node)} read other entries of group ${String(group)} than those from ${String(from)} to ${String(last)}`;
          return { rule, message };
        }
        case 'journal-refused':
          return {
            rule,
            message: `Node ${String(fact['node'])} was refused its journal: ${String(fact['reason'])}`,
          };
        default:
          return undefined;
      }
    },
  };
}

function recovered(fact: Fact, expected: Expected): Finding | undefined {
  const state = String(fact['state']);
  const wanted = expected.states.map(candidate => candidate.state);
  expected.states = [{ step: 0, state }];
  if (wanted.includes(state)) return undefined;
  const message = `Node ${String(fact['node'])} came back without what it acknowledged`;
  return { rule, message, details: { found: state, wanted } };
}
