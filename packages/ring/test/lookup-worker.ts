import { parentPort, workerData } from 'node:worker_threads';
import { Ring, type RingSnapshot } from '../src/index.ts';

const { snapshot, keys } = workerData as { snapshot: RingSnapshot; keys: readonly string[] };
const ring = Ring.attach(snapshot);
parentPort?.postMessage({
  lookups: keys.map(key => [ring.get(key), ring.pick(key, { n: 3, spread: 'zone' })]),
  shared: snapshot.buffer instanceof SharedArrayBuffer && ring.share() === snapshot,
});
