import { setTimeout as sleep } from 'node:timers/promises';
import type { Quantity, Setup } from '../../suite.ts';
import { type CaughtUp, laggingNames, laggingOrders } from './lagging-cluster.ts';
import { openLoad } from './open-load.ts';
import { openReplicaClient } from './replica-client.ts';

const value = new Uint8Array(100).fill(120);
const keyCount = 1000;
const warmupMs = 1000;
const inStepMs = 3000;

/** The time within which 99 of a hundred writes are answered while every follower is in step, ns. */
export function writesInStep(): Setup {
  return measured(async load => (await load(sleep(inStepMs))).p99Ms);
}

/** The same while a follower that was far behind catches up: from when it takes part until it is in step. */
export function writesWhileCatchingUp(): Setup {
  return measured(async load => {
    const caughtUp = order(laggingOrders.catchUp);
    const [{ p99Ms }] = await Promise.all([load(caughtUp), caughtUp]);
    return p99Ms;
  }, true);
}

/** How long it takes to be in step under that load, ns. */
export function catchingUp(): Setup {
  return measured(async load => {
    const caughtUp = order(laggingOrders.catchUp);
    const [{ tookMs }] = await Promise.all([caughtUp, load(caughtUp)]);
    return tookMs;
  }, true);
}

type Load = (until: Promise<unknown>) => ReturnType<typeof openLoad>;

function measured(measure: (load: Load) => Promise<number>, fallBehind = false): Setup {
  return async (context): Promise<Quantity> => {
    const rate = context.number('rate');
    if (fallBehind) await order(laggingOrders.fallBehind);
    const addresses = JSON.parse(valueOf(laggingNames.addresses)) as Readonly<Record<string, string>>;
    const client = await openReplicaClient(addresses);
    const load: Load = until =>
      openLoad(index => client.write(`key-${index % keyCount}`, value), rate, until);
    try {
      await load(sleep(warmupMs));
      return { quantity: (await measure(load)) * 1e6 };
    } finally {
      await client.close();
    }
  };
}

async function order(path: string): Promise<CaughtUp> {
  const response = await fetch(`${valueOf(laggingNames.control)}${path}`, { method: 'POST' });
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return JSON.parse(text) as CaughtUp;
}

function valueOf(name: string): string {
  const found = process.env[name];
  if (found !== undefined) return found;
  throw new Error(`Environment must have ${name}: laggingCluster sets it`);
}
