import fs, { type NoParamCallback } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { onTestFinished, vi } from 'vitest';

/** Syncs of this thread that are under way: each goes on when it is told to. */
export function heldSyncs(): { readonly count: number; end: (failure?: Error) => void } {
  const held: (() => void)[] = [];
  let failure: Error | undefined;
  const original = fs.fdatasync;
  const spy = vi.spyOn(fs, 'fdatasync').mockImplementation((descriptor, callback: NoParamCallback) => {
    held.push(() => {
      if (failure === undefined) original(descriptor, callback);
      else callback(failure);
      failure = undefined;
    });
  });
  syncBuiltinESMExports();
  onTestFinished(() => {
    spy.mockRestore();
    syncBuiltinESMExports();
  });
  return {
    get count() {
      return held.length;
    },
    end: own => {
      failure = own;
      held.shift()?.();
    },
  };
}

/** Whether a promise settles within some turns of the event loop. */
export async function isSettledSoon(promise: Promise<unknown>): Promise<boolean> {
  let isSettled = false;
  promise.then(
    () => (isSettled = true),
    () => (isSettled = true),
  );
  for (let turn = 0; turn < 50; turn++) await new Promise(resolve => setImmediate(resolve));
  return isSettled;
}
