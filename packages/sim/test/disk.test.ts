import type { Disk, DiskFile } from '@quorate/core';
import { describe, expect, test } from 'vitest';
import { openSimDisk, SimDiskState, type SimDiskOptions } from '../src/disk/sim-disk.ts';
import { type ManualDevice, ManualWorld } from './manual-device.ts';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** A disk on a world, with what tests do again and again. */
class Stand {
  readonly world: ManualWorld;
  readonly state: SimDiskState;
  readonly options: { -readonly [Key in keyof SimDiskOptions]: SimDiskOptions[Key] } = {};
  device: ManualDevice;
  disk: Disk;

  constructor(seed = 0, shape: ConstructorParameters<typeof SimDiskState>[0] = {}) {
    this.world = new ManualWorld(seed);
    this.state = new SimDiskState(shape);
    this.device = this.world.device();
    this.disk = openSimDisk(this.device, this.state, this.options);
  }

  /** A new file whose name is durable. */
  async file(name = 'log'): Promise<DiskFile> {
    const file = await this.world.until(this.disk.open(name, { create: true }));
    await this.world.until(this.disk.syncNames());
    return file;
  }

  async write(file: DiskFile, value: string, offset = file.size): Promise<void> {
    await this.world.until(file.write([text(value)], offset));
  }

  async content(name = 'log'): Promise<string> {
    return new TextDecoder().decode(await this.bytes(name));
  }

  async bytes(name = 'log'): Promise<Uint8Array> {
    const file = await this.world.until(this.disk.open(name));
    const into = new Uint8Array(file.size);
    await this.world.until(file.read(into, 0));
    return into;
  }

  names(): Promise<readonly string[]> {
    return this.world.until(this.disk.list());
  }

  /** `order`: 0 keeps what was not synced, 1 loses it. */
  crash(order: 0 | 1 = 1, options: Parameters<SimDiskState['crash']>[1] = {}): void {
    this.device.alive = false;
    this.world.dice.force('disk.crash-order', order);
    this.state.crash(this.world.dice, { tornChance: 0, ...options });
    this.device = this.world.device();
    this.disk = openSimDisk(this.device, this.state, this.options);
  }
}

describe('writes', () => {
  test('can be read at once, and a power loss takes what was not synced', async () => {
    const stand = new Stand();
    const file = await stand.file();
    await stand.write(file, 'synced');
    await stand.world.until(file.sync());
    await stand.write(file, ' and not');
    expect(await stand.content()).toBe('synced and not');
    stand.crash();
    expect(await stand.content()).toBe('synced');
  });

  test('survive a process that dies alone', async () => {
    const stand = new Stand();
    const file = await stand.file();
    await stand.write(file, 'not synced');
    stand.crash(0);
    expect(await stand.content()).toBe('not synced');
  });

  test('a sync covers what was written before it, through whichever file, and nothing that came after', async () => {
    const stand = new Stand();
    const one = await stand.file();
    const other = await stand.world.until(stand.disk.open('log'));
    await stand.world.until(one.allocate(12));
    await stand.write(one, 'before', 0);
    await stand.write(other, 'too', 9);
    const syncing = one.sync();
    await stand.write(other, 'LATE', 2);
    await stand.world.until(syncing);
    expect(await stand.content()).toBe('beLATE\0\0\0too');
    stand.crash();
    expect(await stand.content()).toBe('before\0\0\0too');
  });

  test('a sync that a crash cut short has made nothing durable, and never settles', async () => {
    const stand = new Stand();
    const file = await stand.file();
    await stand.write(file, 'gone');
    let isSettled = false;
    const settle = (): void => {
      isSettled = true;
    };
    Promise.resolve(file.sync()).then(settle, settle);
    stand.crash();
    await stand.world.advance(1_000_000);
    expect(isSettled).toBe(false);
    expect(await stand.content()).toBe('');
  });

  test('code of a crashed node changes nothing', async () => {
    const stand = new Stand();
    const file = await stand.file();
    await stand.write(file, 'kept');
    await stand.world.until(file.sync());
    const { disk } = stand;
    stand.crash();
    void file.write([text('ghost')], 0);
    void file.truncate(0);
    void disk.remove('log');
    await stand.world.advance(1_000_000);
    expect(await stand.content()).toBe('kept');
  });

  test('calls that change a file must not overlap', async () => {
    const stand = new Stand();
    const file = await stand.file();
    const syncing = file.sync();
    expect(() => file.write([text('x')], 0)).toThrow(
      new TypeError('Calls that change file "log" must follow one another: received write during sync'),
    );
    await stand.world.until(syncing);
    await stand.write(file, 'x', 0);
  });

  test('where they take no time they are done at once', async () => {
    const stand = new Stand();
    const file = await stand.file();
    Object.assign(stand.options, { latencyMinUs: 0, latencyMaxUs: 0 });
    expect(file.write([text('now')], 0)).toBeUndefined();
  });

  test('slow calls take longer, by what was drawn', async () => {
    const stand = new Stand();
    const file = await stand.file();
    Object.assign(stand.options, { syncMinUs: 10, syncMaxUs: 10, slowChance: 1, slowMaxUs: 500_000 });
    stand.world.dice.force('disk.slow-us', 400_000);
    const fromUs = stand.world.nowUs;
    await stand.world.until(file.sync());
    expect(stand.world.nowUs - fromUs).toBe(400_010);
  });
});

describe('a failed sync', () => {
  const failed = async (loses: 0 | 1): Promise<{ stand: Stand; file: DiskFile }> => {
    const stand = new Stand();
    const file = await stand.file();
    await stand.world.until(file.allocate(2048));
    await stand.write(file, 'old', 0);
    await stand.world.until(file.sync());
    await stand.write(file, 'new', 0);
    stand.options.syncFailureChance = 1;
    stand.world.dice.force('disk.sync-loses', loses);
    await expect(stand.world.until(file.sync())).rejects.toMatchObject({
      code: 'IO_FAILED',
      retryable: false,
      outcome: 'unknown',
    });
    stand.options.syncFailureChance = 0;
    return { stand, file };
  };
  const start = async (stand: Stand): Promise<string> => (await stand.content()).slice(0, 3);

  test('may lose what it was to make durable: it can still be read, and the next sync says nothing', async () => {
    const { stand, file } = await failed(1);
    expect(await start(stand)).toBe('new');
    await stand.world.until(file.sync());
    expect(await start(stand)).toBe('new');
    stand.crash(0);
    expect(await start(stand)).toBe('old');
  });

  test('may have kept it', async () => {
    const { stand } = await failed(0);
    stand.crash(1);
    expect(await start(stand)).toBe('new');
  });

  test('is made good where the same sector is written and synced again', async () => {
    const { stand, file } = await failed(1);
    await stand.write(file, 'X', 2);
    await stand.world.until(file.sync());
    stand.crash(1);
    expect(await start(stand)).toBe('neX');
  });

  test('leaves what was there before under a write that is not synced', async () => {
    const { stand, file } = await failed(1);
    await stand.write(file, 'X', 2);
    stand.crash(1);
    expect(await start(stand)).toBe('old');
  });

  test('may lose the length too, until somebody writes there again', async () => {
    const stand = new Stand(0, { sectorBytes: 512 });
    const file = await stand.file();
    await stand.write(file, 'a'.repeat(600));
    stand.options.syncFailureChance = 1;
    stand.world.dice.force('disk.sync-loses', 1);
    await expect(stand.world.until(file.sync())).rejects.toMatchObject({ code: 'IO_FAILED' });
    stand.options.syncFailureChance = 0;
    await stand.write(file, 'b', 513);
    await stand.world.until(file.sync());
    stand.crash(1);
    // The second sector was written back whole; the first never was, and reads as zeros.
    expect(await stand.content()).toBe('\0'.repeat(512) + 'ab' + 'a'.repeat(86));
  });
});

describe('names', () => {
  test('a crash undoes the newest changes first, and only those that were not synced', async () => {
    const left: (readonly string[])[] = [];
    for (const undone of [0, 1, 2, 3]) {
      const stand = new Stand();
      await stand.file('a');
      await stand.world.until(stand.disk.open('b', { create: true }));
      await stand.world.until(stand.disk.rename('b', 'c'));
      await stand.world.until(stand.disk.remove('a'));
      expect(await stand.names()).toEqual(['c']);
      stand.world.dice.force('disk.crash-names', undone);
      stand.crash();
      left.push(await stand.names());
    }
    expect(left).toEqual([['c'], ['a', 'c'], ['a', 'b'], ['a']]);
  });

  test('syncing a file does not make its name durable, nor the other way round', async () => {
    const stand = new Stand();
    const file = await stand.world.until(stand.disk.open('new', { create: true }));
    await stand.write(file, 'data');
    await stand.world.until(file.sync());
    stand.world.dice.force('disk.crash-names', 1);
    stand.crash();
    expect(await stand.names()).toEqual([]);
    const again = await stand.file('new');
    await stand.write(again, 'data');
    stand.crash();
    expect(await stand.content('new')).toBe('');
  });

  test('a rename that is undone gives the file that was replaced back', async () => {
    const stand = new Stand();
    for (const name of ['current', 'next']) {
      const file = await stand.file(name);
      await stand.write(file, name);
      await stand.world.until(file.sync());
    }
    await stand.world.until(stand.disk.rename('next', 'current'));
    expect(await stand.content('current')).toBe('next');
    stand.world.dice.force('disk.crash-names', 1);
    stand.crash();
    expect([await stand.content('current'), await stand.content('next')]).toEqual(['current', 'next']);
  });

  test('a change during a sync of the names may be undone', async () => {
    const stand = new Stand();
    const syncing = stand.disk.syncNames();
    Object.assign(stand.options, { latencyMinUs: 0, latencyMaxUs: 0 });
    await stand.world.until(stand.disk.open('late', { create: true }));
    await stand.world.until(syncing);
    stand.world.dice.force('disk.crash-names', 1);
    stand.crash();
    expect(await stand.names()).toEqual([]);
  });

  test('what does not exist, or does, is told', async () => {
    const stand = new Stand();
    const { disk, world } = stand;
    await stand.file('here');
    await expect(world.until(disk.open('gone'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(world.until(disk.remove('gone'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(world.until(disk.rename('gone', 'here'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(world.until(disk.open('here', { create: true }))).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
    });
    await expect(disk.open('../etc')).rejects.toThrow(TypeError);
    await expect(disk.open('..')).rejects.toThrow(TypeError);
  });

  test('a removed file stays readable for whoever has it open, and takes room until then', async () => {
    const stand = new Stand(0, { capacityBytes: 8192 });
    const file = await stand.file('old');
    await stand.write(file, 'x'.repeat(8192));
    await stand.world.until(stand.disk.remove('old'));
    const into = new Uint8Array(1);
    expect(await stand.world.until(file.read(into, 8191))).toBe(1);
    const next = await stand.file('next');
    await expect(stand.world.until(next.allocate(1))).rejects.toMatchObject({ code: 'STORAGE_FULL' });
    await file[Symbol.asyncDispose]();
    await stand.world.until(next.allocate(1));
    expect(() => file.sync()).toThrow('File "old" is closed');
  });
});

describe('a full disk', () => {
  test('takes what still fits, and more once there is room', async () => {
    const stand = new Stand(0, { capacityBytes: 4096 });
    const file = await stand.file();
    await expect(
      stand.world.until(file.write([text('a'.repeat(3000)), text('b'.repeat(3000))], 0)),
    ).rejects.toMatchObject({ code: 'STORAGE_FULL', retryable: true, outcome: 'unknown' });
    expect(await stand.content()).toBe('a'.repeat(3000) + 'b'.repeat(1096));
    stand.state.capacityBytes = 8192;
    await stand.write(file, 'b'.repeat(3000), 3000);
    expect(file.size).toBe(6000);
  });

  test('for a while has no room but for what was allocated', async () => {
    const stand = new Stand();
    const file = await stand.file();
    await stand.world.until(file.allocate(10_000));
    stand.state.full = true;
    await stand.write(file, 'z'.repeat(10_000), 0);
    await expect(stand.world.until(file.allocate(20_000))).rejects.toMatchObject({
      code: 'STORAGE_FULL',
      outcome: 'not-applied',
    });
    expect(file.size).toBe(10_000);
    stand.state.full = false;
    await stand.world.until(file.allocate(20_000));
    expect((await stand.content()).slice(9_999)).toBe(`z${'\0'.repeat(10_000)}`);
  });
});

describe('lengths', () => {
  test('allocating makes the length durable and not what was written', async () => {
    const stand = new Stand();
    const file = await stand.file();
    await stand.write(file, 'not synced');
    await stand.world.until(file.allocate(12));
    stand.crash();
    expect(await stand.content()).toBe('\0'.repeat(12));
  });

  test('what was cut off reads as zeros when the file grows again, after a crash too', async () => {
    const stand = new Stand();
    const file = await stand.file();
    await stand.write(file, 'secret');
    await stand.world.until(file.sync());
    await stand.world.until(file.truncate(2));
    await stand.world.until(file.allocate(6));
    expect(await stand.content()).toBe('se\0\0\0\0');
    stand.crash();
    expect(await stand.content()).toBe('se\0\0\0\0');
    const again = await stand.world.until(stand.disk.open('log'));
    await stand.write(again, 'SECRET', 0);
    await stand.world.until(again.sync());
    await stand.write(again, '******', 0);
    await stand.world.until(again.truncate(3));
    await stand.world.until(again.allocate(6));
    expect(await stand.content()).toBe('***\0\0\0');
    stand.crash();
    expect(await stand.content()).toBe('SEC\0\0\0');
    const last = await stand.world.until(stand.disk.open('log'));
    await expect(last.truncate(7)).rejects.toThrow('Size must be at most the present one of 6: received 7');
  });

  test.each([
    [false, 6],
    [true, 0],
  ])('an allocation that a crash cut short has happened or not (undone: %s)', async (undone, size) => {
    const stand = new Stand();
    const file = await stand.file();
    void file.allocate(6);
    stand.world.dice.force('disk.crash-undoes', undone);
    stand.crash();
    expect((await stand.content()).length).toBe(size);
    stand.world.dice.force('disk.crash-undoes', false);
    stand.crash();
    expect((await stand.content()).length).toBe(size);
  });
});

test('the folder has one owner, until disposed or until the owner has crashed', async () => {
  const stand = new Stand();
  const lock = await stand.world.until(stand.disk.lock());
  await expect(stand.world.until(stand.disk.lock())).rejects.toMatchObject({
    code: 'ALREADY_OPEN',
    message: 'The folder belongs to a',
  });
  await lock[Symbol.asyncDispose]();
  await stand.world.until(stand.disk.lock());
  stand.crash();
  await stand.world.until(stand.disk.lock());
  await lock[Symbol.asyncDispose]();
  await expect(stand.world.until(stand.disk.lock())).rejects.toMatchObject({ code: 'ALREADY_OPEN' });
});

test('rot changes one bit of what was written, while the node is down', async () => {
  const stand = new Stand();
  const file = await stand.file();
  await stand.world.until(file.allocate(100_000));
  await stand.write(file, 'x'.repeat(4096), 8192);
  await stand.world.until(file.sync());
  stand.crash(1, { rotChance: 1 });
  const bytes = await stand.bytes();
  expect(bytes.length).toBe(100_000);
  const flipped = bytes.reduce((sum, byte, index) => {
    const wanted = index >= 8192 && index < 12_288 ? 120 : 0;
    return sum + (byte ^ wanted).toString(2).replaceAll('0', '').length;
  }, 0);
  expect(flipped).toBe(1);
});

test('of writes in order a crash may keep the first, and of the next its first sectors', async () => {
  const stand = new Stand(0, { sectorBytes: 512 });
  const file = await stand.file();
  await stand.write(file, 'a'.repeat(1024));
  await stand.write(file, 'b'.repeat(2048));
  await stand.write(file, 'c'.repeat(512));
  const { dice } = stand.world;
  dice.force('disk.crash-order', 2);
  dice.force('disk.crash-writes', 2);
  dice.force('disk.crash-sectors', 3);
  stand.device.alive = false;
  stand.state.crash(dice, { tornChance: 0 });
  stand.disk = openSimDisk(stand.world.device(), stand.state);
  expect(await stand.content()).toBe('a'.repeat(1024) + 'b'.repeat(512));
});

test('a crash of an idle disk draws nothing', async () => {
  const stand = new Stand();
  const file = await stand.file();
  await stand.write(file, 'x');
  await stand.world.until(file.sync());
  const count = stand.world.dice.drawn.length;
  stand.crash();
  expect(stand.world.dice.drawn.length).toBe(count);
});
