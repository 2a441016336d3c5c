import { beforeEach, expect, test } from 'vitest';
import { QueueEvent } from '../../src/engine/event-queue.ts';
import { Tape } from '../../src/engine/tape.ts';
import { World } from '../../src/engine/world.ts';
import { DatagramNetwork } from '../../src/network/datagram-network.ts';
import { fairWeather } from '../../src/network/weather.ts';
import { Host } from '../../src/process/host.ts';
import { Tracer } from '../../src/trace/tracer.ts';

let world: World;
let host: Host;
let happened: string[];

/** An event of the host. */
class Note extends QueueEvent {
  readonly #text: string;

  constructor(text: string) {
    super(host.lane);
    this.#text = text;
  }

  run(): boolean {
    happened.push(this.#text);
    return true;
  }
}

function due(atUs: number, ...texts: readonly string[]): void {
  for (const text of texts) world.queue.push(atUs, new Note(text));
}

function happen(): void {
  while (world.step());
}

beforeEach(() => {
  happened = [];
  world = new World(new Tape(1, [], false), new Tracer(['n1'], false), 1_000);
  host = new Host(world, { name: 'n1', index: 0, kind: 'node' });
  host.start();
});

test('what fell due during a pause is not overtaken by what falls due as it ends', () => {
  let resume: (() => void) | undefined;
  world.at(10, () => (resume = host.pause()));
  world.at(20, () => resume?.());
  // What a peer sends last arrives at the very moment at which the host goes on.
  due(12, 'first', 'second');
  due(20, 'third');
  happen();
  expect(happened).toEqual(['first', 'second', 'third']);
});

test('the end of a pause that a crash has ended does not end the next', () => {
  const resume = host.pause();
  expect(host.pause()).toBeUndefined();
  host.crash(new DatagramNetwork(world, [host.endpoint], fairWeather));
  host.start();
  const later = host.pause();
  due(5, 'late');
  world.at(10, () => resume?.());
  world.at(20, () => {
    happened.push('resumed');
    later?.();
  });
  happen();
  expect(happened).toEqual(['resumed', 'late']);
});
