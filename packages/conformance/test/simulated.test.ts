import { describe, expect, test } from 'vitest';
import { storeCases } from '../src/index.ts';
import { runSimulated } from './sim-subject.ts';

describe('the simulated store keeps what the seam promises', () => {
  test.for(storeCases)('$name', async (storeCase, { skip }) => {
    const { reason, result } = await runSimulated(storeCase);
    if (reason !== undefined) skip(reason);
    expect(result.verdict).toBe('ok');
  });
});
