import type { Invariant } from '../invariant.ts';

/** Somebody read all accounts at once, as a transaction of its own. */
export type BankSnapshot = {
  readonly type: 'balances';
  /** Whole units of money, by number or name of the account. */
  readonly balances: readonly number[] | Readonly<Record<string, number>>;
};

export interface BankTotalsOptions {
  /** The accounts that each snapshot must have, and no others. Default: those of the first snapshot. */
  readonly accounts?: readonly string[];
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
 * @param total - what all accounts hold together, always
 * @throws RangeError where the total is no safe integer
 */
export function bankTotals(total: number, options: BankTotalsOptions = {}): Invariant {
  if (!Number.isSafeInteger(total)) throw new RangeError(`Total must be a safe integer: received ${total}`);
  let { accounts } = options;
  return {
    name: 'bank-totals',
    observe(fact, { atMs, node }) {
      if (fact.type !== 'balances') return undefined;
      const balances = new Map(Object.entries((fact as BankSnapshot).balances));
      accounts ??= [...balances.keys()];
      const wrong = wrongIn(balances, accounts, total, options.overdraft === true);
      if (wrong === undefined) return undefined;
      return { rule: 'bank-totals', message: `A snapshot that ${node} read ${wrong}`, atMs, details: fact };
    },
  };
}

function wrongIn(
  balances: ReadonlyMap<string, number>,
  accounts: readonly string[],
  total: number,
  overdraft: boolean,
): string | undefined {
  const missing = accounts.find(account => !balances.has(account));
  if (missing !== undefined) return `lacks account "${missing}"`;
  let sum = 0;
  for (const [account, balance] of balances) {
    if (!accounts.includes(account)) return `has an account "${account}" that was never opened`;
    if (!Number.isSafeInteger(balance)) return `has ${balance} in account "${account}"`;
    if (balance < 0 && !overdraft) return `has ${balance} in account "${account}"`;
    sum += balance;
  }
  return sum === total ? undefined : `has ${sum} in all instead of ${total}`;
}
