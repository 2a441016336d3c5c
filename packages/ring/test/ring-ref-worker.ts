import { parentPort, workerData } from 'node:worker_threads';
import { type Ring, RingRef, type RingRefHandle } from '../src/index.ts';
import { KEYS, VERSIONS, versionedRing } from './versioned-ring.ts';

/** Looks up without pause until told to stop, and reports every answer that no whole ring gives. */
const { handle, stop } = workerData as { handle: RingRefHandle; stop: Int32Array };
const ref = RingRef.attach(handle);
const expected = Array.from({ length: VERSIONS }, (_, version) => answers(versionedRing(version)));
const kept: [Ring, string][] = [];
const seen = new Set<string>();
const wrong: string[] = [];
let reads = 0;
let lastEpoch = -1;

function answers(ring: Ring): string {
  return JSON.stringify([ring.nodes.map(node => node.id), KEYS.map(key => ring.pick(key, { n: 3 }))]);
}

function check(ring: Ring): void {
  const version = Number(/^v(\d+)\//.exec(ring.nodes[0]?.id ?? '')?.[1]);
  const given = answers(ring);
  if (given !== expected[version]) wrong.push(`version ${version}: ${given}`);
  seen.add(String(version));
  if (kept.length < 50) kept.push([ring, given]);
}

parentPort?.postMessage('ready');
while (Atomics.load(stop, 0) === 0 || reads === 0) {
  const { epoch } = ref;
  if (epoch < lastEpoch) wrong.push(`epoch ${epoch} after ${lastEpoch}`);
  lastEpoch = epoch;
  check(ref.current);
  reads++;
}
// What was handed out long ago has not changed.
for (const [ring, given] of kept) if (answers(ring) !== given) wrong.push(`kept ring: ${answers(ring)}`);
check(ref.current);
parentPort?.postMessage({ reads, seen: seen.size, last: ref.current.nodes[0]?.id, wrong: wrong.slice(0, 3) });
