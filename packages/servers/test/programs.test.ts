import { afterEach, expect, test, vi } from 'vitest';
import { binaryOf } from '../src/host/programs.ts';
import { missing, skipReason } from '../src/index.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

// PostgreSQL is looked for outside the path, too.
const anywhere = ['redis', 'nats'] as const;

test.each(anywhere)('%s that is not on the path is missing, with a reason', program => {
  vi.stubEnv('PATH', '/nowhere');
  vi.stubEnv('QUORATE_REQUIRE_SERVICES', '');
  // Where it lies in a folder that is looked into anyway, it is not missing.
  if (missing(program) === undefined) {
    expect(skipReason(program)).toBeUndefined();
    expect(binaryOf(program)).toMatch(/^\/usr\/sbin\//);
    return;
  }
  expect(missing(program)).toMatch(/^needs \S+.*, which is not installed$/);
  expect(skipReason(program)).toBe(missing(program));
  expect(() => binaryOf(program)).toThrow(missing(program));
});

test('what is missing is an error where services are required', () => {
  vi.stubEnv('PATH', '/nowhere');
  vi.stubEnv('QUORATE_REQUIRE_SERVICES', '1');
  if (missing('redis') === undefined) expect(skipReason('redis')).toBeUndefined();
  else
    expect(() => skipReason('redis')).toThrow('QUORATE_REQUIRE_SERVICES is set, but this needs redis-server');
});
