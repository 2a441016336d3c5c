import { linkSignal, ManualClock, type WaitOptions } from '@quorate/core';
import { defaultLimits } from '@quorate/node';
import { beforeEach, expect, test } from 'vitest';
import { defaultPace, Handover } from '../src/handover.ts';
import type { Page } from '../src/outbox.ts';
import { Partition } from '../src/partition.ts';
import { type HandoverRequest, PeerClient } from '../src/peer-client.ts';
import { Router } from '../src/router.ts';
import type { ViewRecord } from '../src/view.ts';

const n1 = { id: 'n1', url: 'http://127.0.0.1:1' };
const n2 = { id: 'n2', url: 'http://127.0.0.1:2' };
const joined: ViewRecord = { epoch: 2, members: [n1, n2], base: [n1], lost: [] };

/** An old owner that answers when the test says so, or not at all within the time it was given. */
class SlowPeers extends PeerClient {
  readonly #clock: ManualClock;
  readonly requests: HandoverRequest[] = [];
  readonly #answer = Promise.withResolvers<Page>();

  constructor(clock: ManualClock) {
    super('n2', 'a token that nobody looks at', clock);
    this.#clock = clock;
  }

  override async pull(
    _url: string,
    _view: ViewRecord,
    request: HandoverRequest,
    wait: WaitOptions,
  ): Promise<Page> {
    this.requests.push(request);
    using linked = linkSignal(this.#clock, wait);
    const outOfTime = Promise.withResolvers<never>();
    linked.signal.addEventListener('abort', () => outOfTime.reject(linked.signal.reason));
    return await Promise.race([this.#answer.promise, outOfTime.promise]);
  }

  answer(key: string, text: string): void {
    const entry = { value: Buffer.from(text), version: 1 };
    this.#answer.resolve({ entries: [[key, entry]], next: 0, complete: false });
  }
}

let clock: ManualClock;
let peers: SlowPeers;
let router: Router;
let key: string;

beforeEach(() => {
  clock = new ManualClock();
  peers = new SlowPeers(clock);
  const partition = new Partition('n2', defaultLimits);
  const handover = new Handover(partition, peers, clock, defaultPace);
  router = new Router('n2', partition, handover, peers, clock, defaultLimits);
  // Adopted past the router, so that no pages are streamed: these tests are about requests.
  partition.adopt(joined);
  key = ['a', 'b', 'c', 'd', 'e', 'f'].find(name => partition.placeOf(name).kind === 'pending') ?? '';
});

function read(deadlineMs: number): Promise<unknown> {
  return router.executeLocally([{ kind: 'get', key }], { deadlineMs }).then(([reply]) => reply);
}

const late = { kind: 'refused', problem: { status: 504, code: 'DEADLINE_EXCEEDED', outcome: 'not-applied' } };
const found = { kind: 'found', value: Buffer.from('x') };

test('two requests for one key ask for it once, and both get it', async () => {
  const both = [read(1000), read(1000)];
  peers.answer(key, 'x');
  expect(await Promise.all(both)).toMatchObject([found, found]);
  expect(peers.requests).toEqual([{ keys: [key] }]);
});

test('who waits for what another request is pulling waits no longer than its own deadline', async () => {
  const patient = read(2000);
  const hurried = read(50);
  clock.advance(50);
  expect(await hurried).toMatchObject(late);
  peers.answer(key, 'x');
  expect(await patient).toMatchObject(found);
});

test('who gives up does not take the key away from those who wait', async () => {
  const hurried = read(50);
  const patient = read(2000);
  clock.advance(50);
  expect(await hurried).toMatchObject(late);
  peers.answer(key, 'x');
  expect(await patient).toMatchObject(found);
});

test('an old owner that never answers is a 503, and the next request asks again', async () => {
  const first = read(10_000);
  clock.advance(3000);
  expect(await first).toMatchObject({
    problem: { status: 503, code: 'SOURCE_UNREACHABLE', retryable: true },
  });
  void read(1000);
  expect(peers.requests).toHaveLength(2);
});
