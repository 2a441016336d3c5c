/** A process whose own wall clock is stepped: it does so, and says what came of it. */
import { renameSync, writeFileSync } from 'node:fs';
import { openQueueStore, type StoreAddress } from '../engines.ts';
import { clockHistory } from './clock-history.ts';

const [addressText = '', forwardCount, backCount] = process.argv.slice(2);
const file = process.env['QUORATE_CLOCK_FILE'] ?? '';
const store = await openQueueStore(JSON.parse(addressText) as StoreAddress);
const setAhead = (aheadMs: number): void => {
  writeFileSync(`${file}.new`, `${aheadMs / 1000}`);
  renameSync(`${file}.new`, file);
};
const seen = await clockHistory(store, setAhead, Number(forwardCount), Number(backCount));
await store[Symbol.asyncDispose]();
process.stdout.write(`${JSON.stringify(seen)}\n`);
