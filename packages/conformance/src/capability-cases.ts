import { equal, ok } from './expect.ts';
import type { StoreCase } from './store-case.ts';

/** What a store says of itself. */
export const capabilityCases: readonly StoreCase[] = [
  {
    name: 'capabilities are of the kinds that there are, and the same for every client',
    async run(stage) {
      const { capabilities } = stage;
      const { durability, linearizable, fenceSurvivesLoss, expiry, watch, ttlMinMs, valueMaxBytes, verbs } =
        capabilities;
      ok(['memory', 'os', 'fsync', 'quorum'].includes(durability), `the durability: ${durability}`);
      ok(['server', 'observer', 'kernel'].includes(expiry), `the expiry: ${expiry}`);
      ok(['push', 'poll'].includes(watch), `the watch: ${watch}`);
      ok(typeof linearizable === 'boolean' && typeof fenceSurvivesLoss === 'boolean', 'yes or no');
      ok(ttlMinMs > 0 && ttlMinMs <= stage.ttlMs, `the shortest time to live: ${ttlMinMs} ms`);
      ok(
        Number.isSafeInteger(valueMaxBytes) && valueMaxBytes >= 1024,
        `the largest value: ${valueMaxBytes} bytes`,
      );
      equal(Object.keys(verbs).sort(), ['add', 'batch', 'enqueue'], 'the verbs that it speaks of');
      const other = await stage.open();
      equal(other.capabilities, capabilities, 'what another client says');
    },
  },
  ...(['enqueue', 'add', 'batch'] as const).flatMap((verb): StoreCase[] => [
    {
      name: `a store that says it can "${verb}" has that method`,
      applies: ({ verbs }) => verbs[verb],
      async run({ store }) {
        equal(typeof store[verb], 'function', `what "${verb}" is`);
      },
    },
    {
      name: `a store that says it cannot "${verb}" has no such method`,
      applies: ({ verbs }) => !verbs[verb],
      async run({ store }) {
        equal(store[verb], undefined, `what "${verb}" is`);
      },
    },
  ]),
];
