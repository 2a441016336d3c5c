import type { Disk, DiskFile } from '@quorate/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openSimDisk, SimDiskState } from '../src/disk/sim-disk.ts';
import { ManualWorld } from './manual-device.ts';

const SECTOR = 64;
const LENGTH = 6 * SECTOR;

type Step =
  | {
      readonly type: 'write';
      readonly offset: number;
      readonly lengths: readonly number[];
      readonly fill: number;
    }
  | { readonly type: 'sync' | 'reopen' }
  | { readonly type: 'truncate' | 'allocate'; readonly size: number };

const steps = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        type: fc.constant('write' as const),
        offset: fc.nat(LENGTH),
        lengths: fc.array(fc.integer({ min: 0, max: 2 * SECTOR }), { maxLength: 3 }),
        fill: fc.integer({ min: 1, max: 255 }),
      }),
    },
    { weight: 2, arbitrary: fc.constant({ type: 'sync' as const }) },
    fc.constant({ type: 'reopen' as const }),
    fc.record({ type: fc.constantFrom('truncate' as const, 'allocate' as const), size: fc.nat(LENGTH) }),
  ),
  { maxLength: 14 },
);

/** The whole file after each step since the last that made it durable, the oldest being durable. No sectors, no pages. */
class FileModel {
  states: Uint8Array[] = [new Uint8Array(0)];

  get now(): Uint8Array {
    return this.states.at(-1) as Uint8Array;
  }

  apply(step: Step): void {
    const { now } = this;
    if (step.type === 'sync') this.states = [now];
    if (step.type === 'write') {
      const written = bytesOf(step);
      const size = written.length === 0 ? now.length : Math.max(now.length, step.offset + written.length);
      const next = new Uint8Array(size);
      next.set(now);
      next.set(written, written.length === 0 ? 0 : step.offset);
      this.states.push(next);
    }
    if (step.type === 'allocate') {
      this.states = this.states.map(state => resized(state, Math.max(step.size, now.length)));
    }
    if (step.type === 'truncate' && step.size <= now.length) {
      this.states = this.states.map(state => resized(state, step.size));
    }
  }

  /** What is wrong with `found` as what a crash has left. */
  complaint(found: Uint8Array): string | undefined {
    const sizes = this.states.map(state => state.length);
    const isLength =
      sizes.includes(found.length) || (found.length % SECTOR === 0 && found.length < Math.max(...sizes));
    if (!isLength) return `length ${found.length} of ${sizes.join(', ')}`;
    if (found.length < (sizes[0] as number)) return `length ${found.length} below the durable ${sizes[0]}`;
    for (let begin = 0; begin < found.length; begin += SECTOR) {
      const sector = found.slice(begin, begin + SECTOR);
      const fits = this.states.some(state => {
        const old = resized(state.slice(begin, begin + SECTOR), sector.length);
        return old.every((byte, index) => byte === sector[index]);
      });
      if (!fits) return `sector ${begin / SECTOR} holds what it never held`;
    }
    return undefined;
  }
}

function resized(bytes: Uint8Array, size: number): Uint8Array {
  const result = new Uint8Array(size);
  result.set(bytes.subarray(0, size));
  return result;
}

function bytesOf(step: Step & { type: 'write' }): Uint8Array {
  const size = step.lengths.reduce((sum, length) => sum + length, 0);
  return new Uint8Array(size).map((_, index) => ((step.fill + index) % 255) + 1);
}

async function contentOf(world: ManualWorld, disk: Disk, name: string): Promise<Uint8Array> {
  const file = await world.until(disk.open(name));
  const into = new Uint8Array(file.size);
  expect(await world.until(file.read(into, 0))).toBe(into.length);
  return into;
}

async function run(world: ManualWorld, file: DiskFile, step: Step): Promise<void> {
  if (step.type === 'sync') await world.until(file.sync());
  if (step.type === 'allocate') await world.until(file.allocate(step.size));
  if (step.type === 'truncate' && step.size <= file.size) await world.until(file.truncate(step.size));
  if (step.type !== 'write') return;
  const bytes = bytesOf(step);
  let offset = 0;
  const chunks = step.lengths.map(length => bytes.slice(offset, (offset += length)));
  await world.until(file.write(chunks, step.offset));
  for (const chunk of chunks) chunk.fill(0);
}

test('programs read what they wrote, and a crash leaves each sector as it was at some time since it was durable', async () => {
  const property = fc.asyncProperty(
    steps,
    fc.nat(),
    fc.constantFrom(0, 1),
    async (script, seed, tornChance) => {
      const world = new ManualWorld(seed);
      const state = new SimDiskState({ sectorBytes: SECTOR });
      const device = world.device();
      const disk = openSimDisk(device, state);
      let file = await world.until(disk.open('log', { create: true }));
      await world.until(disk.syncNames());
      const model = new FileModel();
      for (const step of script) {
        if (step.type === 'reopen') {
          await file[Symbol.asyncDispose]();
          file = await world.until(disk.open('log'));
        }
        await run(world, file, step);
        model.apply(step);
        expect(await contentOf(world, disk, 'log')).toEqual(model.now);
      }
      device.alive = false;
      state.crash(world.dice, { tornChance });
      const after = openSimDisk(world.device(), state);
      const left = await contentOf(world, after, 'log');
      expect(model.complaint(left)).toBeUndefined();
      // What a crash has left is durable: another one takes nothing.
      state.crash(world.dice, { tornChance: 1 });
      expect(await contentOf(world, openSimDisk(world.device(), state), 'log')).toEqual(left);
    },
  );
  await fc.assert(property, { numRuns: process.env['QUORATE_LONG'] === undefined ? 500 : 5_000 });
});

test('a crash can leave every subset of unsynced sectors, and every length on the way', async () => {
  const subsets = new Set<string>();
  const lengths = new Set<number>();
  for (let seed = 0; seed < 1500; seed++) {
    const world = new ManualWorld(seed);
    const state = new SimDiskState({ sectorBytes: SECTOR });
    const device = world.device();
    const disk = openSimDisk(device, state, { latencyMinUs: 0, latencyMaxUs: 0 });
    const file = await world.until(disk.open('log', { create: true }));
    const grown = await world.until(disk.open('grown', { create: true }));
    await world.until(disk.syncNames());
    await world.until(file.allocate(4 * SECTOR));
    expect(file.write([new Uint8Array(4 * SECTOR).fill(1)], 0)).toBeUndefined();
    expect(grown.write([new Uint8Array(SECTOR + 1).fill(1)], 0)).toBeUndefined();
    expect(grown.write([new Uint8Array(2 * SECTOR).fill(1)], SECTOR + 1)).toBeUndefined();
    device.alive = false;
    state.crash(world.dice, { tornChance: 0.5 });
    const after = openSimDisk(world.device(), state);
    const content = await contentOf(world, after, 'log');
    subsets.add([0, 1, 2, 3].map(sector => content[sector * SECTOR]).join(''));
    lengths.add((await contentOf(world, after, 'grown')).length);
  }
  expect(subsets.size).toBe(16);
  expect([...lengths].sort((one, other) => one - other)).toEqual([0, 64, 65, 128, 192, 193]);
});
