import { describe, expect, it } from 'vitest';
import { nsPerOpOf, runAsyncChunk, runChunk } from '../src/measure/chunk.ts';
import { measureLatency } from '../src/measure/latency.ts';
import type { Kernel } from '../src/suite.ts';

/** A kernel that notes what is called. */
function noting(results: readonly unknown[], prepare: boolean): { kernel: Kernel; calls: string[] } {
  const calls: string[] = [];
  let next = 0;
  const kernel: Kernel = {
    ops: 10,
    cycle: 2,
    ...(prepare ? { prepare: pass => void calls.push(`prepare ${pass}`) } : {}),
    run(pass) {
      calls.push(`run ${pass}`);
      return results[next++ % results.length] as number;
    },
  };
  return { kernel, calls };
}

describe('runChunk', () => {
  it('runs whole cycles, with what comes before each call', () => {
    const { kernel, calls } = noting([1, 2], true);
    runChunk(kernel, 2);
    const cycle = ['prepare 0', 'run 0', 'prepare 1', 'run 1'];
    expect(calls).toEqual([...cycle, ...cycle]);
  });

  it.each([true, false])(
    'has one checksum for the same work, another for other work (prepare: %s)',
    prepare => {
      const checksum = (...results: number[]): number =>
        runChunk(noting(results, prepare).kernel, 3).checksum;
      expect(checksum(1, 2)).toBe(checksum(1, 2));
      expect(checksum(1, 2)).not.toBe(checksum(2, 1));
      expect(checksum(1, 2)).not.toBe(checksum(1, 3));
    },
  );

  it('refuses a kernel that returns no integer: its work might as well be gone', () => {
    for (const result of [undefined, null, Number.NaN, 0.5, '1']) {
      expect(() => runChunk(noting([1, result], false).kernel, 1)).toThrow(`received ${String(result)}`);
    }
  });

  it('refuses a kernel whose cycles differ', () => {
    expect(() => runChunk(noting([1, 2, 1, 3], false).kernel, 2)).toThrow('same work in each cycle');
  });

  it('counts results beyond 32 bits too', () => {
    const checksum = (result: number): number => runChunk({ ops: 1, run: () => result }, 1).checksum;
    expect(checksum(2 ** 40 + 5)).toBe(checksum(5));
    expect(checksum(2 ** 31 + 5)).not.toBe(checksum(5));
  });
});

describe('runAsyncChunk', () => {
  it('awaits each call and has the same checksum', async () => {
    const expected = runChunk(noting([1, 2], false).kernel, 2).checksum;
    const { kernel } = noting([1, 2], false);
    const later: Kernel = { ...kernel, run: async pass => kernel.run(pass) };
    await expect(runAsyncChunk(later, 2)).resolves.toMatchObject({ checksum: expected });
    await expect(runAsyncChunk({ ops: 1, run: async () => undefined as never }, 1)).rejects.toThrow(
      'received undefined',
    );
  });
});

describe('nsPerOpOf', () => {
  const kernel: Kernel = { ops: 50, cycle: 4, run: () => 1 };

  it('divides by the operations of all cycles', () => {
    expect(nsPerOpOf({ elapsedMs: 3, checksum: 0 }, kernel, 5)).toBe(3000);
  });

  it('refuses times in which nothing can have been done', () => {
    expect(() => nsPerOpOf({ elapsedMs: 1e-5, checksum: 0 }, kernel, 5)).toThrow('optimised away');
  });
});

describe('measureLatency', () => {
  it('measures single calls, each once and in order', async () => {
    const seen: number[] = [];
    const latency = await measureLatency({ ops: 1, run: () => 1, call: index => void seen.push(index) }, 500);
    expect(latency?.calls).toBe(500);
    expect(seen).toEqual(seen.map((_, index) => index));
    expect(latency?.p50).toBeLessThanOrEqual(latency?.p99 ?? 0);
    expect(latency?.p99).toBeLessThanOrEqual(latency?.p999 ?? 0);
  });

  it('has nothing to say of a kernel without single calls', async () => {
    await expect(measureLatency({ ops: 1, run: () => 1 }, 10)).resolves.toBeNull();
  });

  it('fails when a call does', async () => {
    const call = (): never => {
      throw new Error('no');
    };
    await expect(measureLatency({ ops: 1, run: () => 1, call }, 10)).rejects.toThrow('no');
  });
});
