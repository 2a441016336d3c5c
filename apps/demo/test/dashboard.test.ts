import { QuorateError, seededRandom, systemClock } from '@quorate/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Dashboard, startDashboard } from '../src/dashboard.ts';
import type { Cancellation, ChangeReport, Demo } from '../src/demo.ts';
import { Tape } from '../src/tape.ts';

/** A removal that goes on until it is cancelled, or told to end. */
class SlowDemo {
  readonly tape = new Tape(systemClock);
  readonly started: Promise<Cancellation>;
  end: (report: ChangeReport) => void = () => {};
  #start: (cancel: Cancellation) => void = () => {};

  constructor() {
    this.started = new Promise(resolve => {
      this.#start = resolve;
    });
  }

  async remove(id: string, cancel: Cancellation): Promise<ChangeReport> {
    this.#start(cancel);
    return new Promise((resolve, reject) => {
      this.end = resolve;
      const why = new QuorateError('CANCELLED', `${id} stays`, { outcome: 'not-applied' });
      cancel.signal?.addEventListener('abort', () => reject(why));
    });
  }
}

describe('a change that the page has asked for', () => {
  let demo: SlowDemo;
  let dashboard: Dashboard;

  beforeEach(async () => {
    demo = new SlowDemo();
    dashboard = await startDashboard(demo as unknown as Demo, systemClock, seededRandom(1), 0);
  });
  afterEach(() => dashboard.close());

  const ask = async (path: string): Promise<readonly [number, Record<string, unknown>]> => {
    const { origin, hash } = new URL(dashboard.pageUrl);
    const headers = { authorization: `Bearer ${hash.slice('#token='.length)}` };
    const answer = await fetch(origin + path, { method: 'DELETE', headers });
    return [answer.status, (await answer.json()) as Record<string, unknown>];
  };

  test('is cancelled, and says so; then there is nothing to cancel, and the next one may be asked for', async () => {
    expect(await ask('/v1/change')).toMatchObject([409, { code: 'NOTHING_TO_CANCEL' }]);
    const removal = ask('/v1/nodes/n3');
    await demo.started;
    expect(dashboard.busy).toBe('Removing n3');
    expect(await ask('/v1/nodes/n2')).toMatchObject([409, { code: 'BUSY', retryable: true }]);
    expect(await ask('/v1/change')).toEqual([200, { cancelled: 'Removing n3' }]);
    expect(await removal).toMatchObject([409, { code: 'CANCELLED', detail: 'n3 stays' }]);
    expect([dashboard.busy, dashboard.cancel]).toEqual([undefined, undefined]);
    expect(await ask('/v1/change')).toMatchObject([409, { detail: 'Nothing is under way' }]);
  });

  test('cannot be cancelled once it is too late for that', async () => {
    const removal = ask('/v1/nodes/n3');
    const { passed } = await demo.started;
    passed?.();
    expect(await ask('/v1/change')).toMatchObject([
      409,
      { detail: 'Removing n3 cannot be cancelled any more' },
    ]);
    demo.end({ kind: 'remove' } as ChangeReport);
    expect(await removal).toMatchObject([200, { kind: 'remove' }]);
    expect(dashboard.busy).toBeUndefined();
  });
});
