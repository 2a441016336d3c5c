import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { microtaskCheckpoint } from '../../src/host/microtasks.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

test('the checkpoint outlasts collections in which V8 forgets code that was not called for long', async () => {
  setFlagsFromString('--stress-flush-code');
  try {
    await new Promise<void>((resolve, reject) => {
      setImmediate(() => {
        try {
          const perform = microtaskCheckpoint();
          expect(perform).toBeDefined();
          for (let count = 0; count < 10; count++) collect();
          let ran = false;
          queueMicrotask(() => {
            ran = true;
          });
          perform?.();
          expect(ran).toBe(true);
          resolve();
        } catch (error) {
          reject(error as Error);
        }
      });
    });
  } finally {
    setFlagsFromString('--no-stress-flush-code');
  }
});
