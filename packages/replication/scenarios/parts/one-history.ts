import type { Finding, Invariant } from '@quorate/sim';
import type { AppliedCommand } from './map-machine.ts';

/** There is one leader a term (Ongaro 2014, figure 3.2: election safety). */
export function oneLeaderPerTerm(): Invariant {
  const rule = 'one-leader-per-term';
  const leaders = new Map<unknown, unknown>();
  return {
    name: rule,
    observe({ type, node, term }) {
      if (type !== 'leads') return undefined;
      const other = leaders.get(term) ?? node;
      leaders.set(term, other);
      if (other === node) return undefined;
      return { rule, message: `${String(other)} and ${String(node)} both lead in term ${String(term)}` };
    },
  };
}

/**
 * Everybody applies the same commands with the same times at the same places, after the same history (figure 3.2: state machine
 * safety; log matching as far as it can be seen); each command once, whoever retried it; and what was acknowledged at a quorum
 * was applied before, and is at the end in everybody's state.
 */
export function oneHistory(): Invariant {
  const rule = 'one-history';
  const hashes = new Map<number, number>();
  const indexes = new Map<string, number>();
  const acknowledged = new Map<string, number>();
  let agreed = 0;
  const found = (message: string): Finding => ({ rule, message });
  const see = (index: number, hash: number): Finding | undefined => {
    const known = hashes.get(index);
    if (known === undefined) hashes.set(index, hash);
    return (known ?? hash) === hash ? undefined : found(`Two histories lead to index ${index}`);
  };
  const apply = ([index, , id, , hash]: AppliedCommand): Finding | undefined => {
    const place = indexes.get(id);
    if (place === undefined) indexes.set(id, index);
    else if (place !== index) {
      return { rule: 'applied-once', message: `Command ${id} is applied at ${place} and at ${index}` };
    }
    return see(index, hash);
  };
  return {
    name: rule,
    observe(fact) {
      switch (fact.type) {
        case 'applied':
          for (const command of fact['commands'] as readonly AppliedCommand[]) {
            const finding = apply(command);
            if (finding !== undefined) return finding;
          }
          return undefined;
        case 'restored':
          if (fact['index'] === 0) return undefined;
          return see(fact['index'] as number, fact['hash'] as number);
        case 'misused':
          return found(`${String(fact['node'])}: ${String(fact['message'])}`);
        case 'acknowledged': {
          const id = String(fact['id']);
          const index = indexes.get(id);
          if (index === undefined) return found(`Command ${id} is acknowledged, and nobody has applied it`);
          acknowledged.set(id, index);
          return undefined;
        }
        case 'agreed':
          agreed = Math.max(agreed, fact['committed'] as number);
          return undefined;
        default:
          return undefined;
      }
    },
    finish() {
      for (const [id, index] of acknowledged) {
        if (index > agreed) {
          return {
            rule: 'acknowledged-is-kept',
            message: `Command ${id} at ${index} is gone: ${agreed} is the end`,
          };
        }
      }
      return undefined;
    },
  };
}
