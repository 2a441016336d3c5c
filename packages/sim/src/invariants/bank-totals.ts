import type { Invariant } from '../invariant.ts';

/** Somebody read all accounts at once, as a transaction of its own. */
export type BankSnapshot = {
  readonly type: 'bank-snapshot';
  /** Whole units of money by account; an account that was not there is left out. */
  readonly balances: Readonly<Record<string, number>>;
};

export interface BankTotalsOptions {
  readonly accounts: readonly string[];
  /** What all accounts hold together, always. */
  readonly total: number;
  /** Whether an account may be below zero. Default false. */
  readonly overdraft?: boolean;
}

/**
 * Money moves between accounts and is neither made nor lost: every snapshot has every account and the same total.
 *
 * A sum that is off in one snapshot and right in the next shows a read that saw half a transfer.
 *
 * Source: Berenson et al., "A Critique of ANSI SQL Isolation Levels", SIGMOD 1995 §4.2 (read skew, A5A); the bank workload of
 * Jepsen.
 *
 * @throws RangeError where the total is no safe integer, TypeError without accounts
 */
export function bankTotals(options: BankTotalsOptions): () => Invariant {
  const { accounts, total, overdraft = false } = options;
  if (!Number.isSafeInteger(total)) throw new RangeError(`Total must be a safe integer: received ${total}`);
  if (accounts.length === 0) throw new TypeError('Accounts must be named: received none');
  const known = new Set(accounts);
  const wrongIn = (balances: BankSnapshot['balances']): string | undefined => {
    const names = Object.keys(balances);
    const missing = accounts.find(account => !Object.hasOwn(balances, account));
    if (missing !== undefined) return `lacks account "${missing}"`;
    const stranger = names.find(name => !known.has(name));
    if (stranger !== undefined) return `has an account "${stranger}" that was never opened`;
    const odd = names.find(name => !Number.isSafeInteger(balances[name]));
    if (odd !== undefined) return `has ${String(balances[odd])} in account "${odd}"`;
    const sum = names.reduce((sum, name) => sum + (balances[name] as number), 0);
    if (sum !== total) return `has ${sum} in all instead of ${total}`;
    const below = overdraft ? undefined : names.find(name => (balances[name] as number) < 0);
    return below === undefined ? undefined : `has ${balances[below]} in account "${below}"`;
  };
  return () => ({
    name: 'bank-totals',
    observe(fact, { atMs, node }) {
      if (fact.type !== 'bank-snapshot') return undefined;
      const { balances } = fact as BankSnapshot;
      const wrong = wrongIn(balances);
      if (wrong === undefined) return undefined;
      return { rule: 'bank-totals', message: `A snapshot that ${node} read ${wrong}`, atMs, details: fact };
    },
  });
}
