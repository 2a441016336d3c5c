import { bankTotals } from '../src/invariants/bank-totals.ts';
import { callUntilAnswered, pause, startCalls } from './parts/calls.ts';
import { DurableCell } from './parts/durable-cell.ts';
import { defineScenario, type NodeEnv, type Scenario } from '../src/scenario.ts';

/** What is wrong on purpose. */
interface Bug {
  /** Each account is a cell of its own, and a transfer is two writes. */
  readonly twoWrites?: boolean;
}

const accounts = 4;
const opening = 100;

interface State {
  readonly balances: readonly number[];
  readonly last: Readonly<Record<string, number>>;
}

interface Transfer {
  readonly client: number;
  readonly sequence: number;
  readonly from: number;
  readonly to: number;
  readonly amount: number;
}

/** Accounts between which money moves, and of which every reading must show the same total. */
function bank(name: string, summary: string, bug: Bug = {}): Scenario {
  return defineScenario({
    name,
    summary,
    nodes: ['bank'],
    clients: 2,
    faults: { network: { mode: 'datagram' }, process: { downMax: 1 }, disk: { torn: true } },
    safetyMs: 4000,
    invariants: [() => bankTotals(accounts * opening, { overdraft: true })],
    node: env => (bug.twoWrites === true ? cellPerAccount(env) : oneCell(env)),
    async client(env) {
      const calls = await startCalls(env);
      for (let sequence = 1; !env.workload.aborted; sequence++) {
        await pause(env, env.random.below(50) + 1);
        if (env.random.below(3) === 0) {
          const balances = await callUntilAnswered<number[]>(env, calls, 'bank', 'balances', null);
          env.observe({ type: 'balances', balances });
          continue;
        }
        const transfer: Transfer = {
          client: env.index,
          sequence,
          from: env.random.below(accounts),
          to: env.random.below(accounts),
          amount: env.random.below(20) + 1,
        };
        await callUntilAnswered(env, calls, 'bank', 'transfer', transfer);
      }
    },
  });
}

async function oneCell(env: NodeEnv): Promise<void> {
  const initial: State = { balances: Array.from({ length: accounts }, () => opening), last: {} };
  const cell = await DurableCell.open(env.disk, 'accounts', initial);
  await startCalls(env, {
    async balances(): Promise<readonly number[]> {
      const { balances } = cell.value;
      await cell.settled();
      return balances;
    },
    async transfer({ client, sequence, from, to, amount }: Transfer): Promise<boolean> {
      const { balances, last } = cell.value;
      if ((last[client] ?? 0) >= sequence) {
        await cell.settled();
        return true;
      }
      await cell.set({
        balances: balances.map(
          (balance, account) => balance - (account === from ? amount : 0) + (account === to ? amount : 0),
        ),
        last: { ...last, [client]: sequence },
      });
      return true;
    },
  });
}

async function cellPerAccount(env: NodeEnv): Promise<void> {
  const cells = await Promise.all(
    Array.from({ length: accounts }, (_, account) =>
      DurableCell.open(env.disk, `account-${account}`, opening),
    ),
  );
  const cellOf = (account: number): DurableCell<number> => cells[account] as DurableCell<number>;
  await startCalls(env, {
    balances: () => cells.map(cell => cell.value),
    async transfer({ from, to, amount }: Transfer): Promise<boolean> {
      await cellOf(from).set(cellOf(from).value - amount);
      await cellOf(to).set(cellOf(to).value + amount);
      return true;
    },
  });
}

export const correct: Scenario = bank(
  'bank',
  'Transfers between accounts of one node, with crashes and repeated requests',
);

export const twoWrites: Scenario = bank(
  'bank-two-writes',
  'Bug: a transfer is two writes, and a reading or a crash may come between them',
  { twoWrites: true },
);
