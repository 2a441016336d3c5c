import { errorCode, type QuorateError } from '@quorate/core';
import { describe, expect, test } from 'vitest';
import { isOfNoUse, serverError } from '../src/server-error.ts';

const failed = (code: string): QuorateError =>
  serverError(Object.assign(new Error('failed'), { code }), {}) as QuorateError;

describe('what an error of the server says about a call', () => {
  test.each(['57P01', '57P02', '57P04', '57P05', '08006', '08P01', '40003', 'EPIPE', 'ECONNRESET', ''])(
    'after %s nobody knows, and the connection is closed',
    code => {
      expect(failed(code)).toMatchObject({ code: 'UNAVAILABLE', outcome: 'unknown', retryable: true });
      expect(isOfNoUse({ code })).toBe(code !== '40003');
    },
  );

  test.each(['40001', '40P01', '53100', '53300', '55P03', '57014', '57P03'])(
    'after %s nothing was done, and it may be done later',
    code => {
      expect(failed(code)).toMatchObject({ code: 'UNAVAILABLE', outcome: 'not-applied', retryable: true });
    },
  );

  test.each(['25006', '26000', '0A000'])('after %s another connection may do it', code => {
    expect(failed(code)).toMatchObject({ code: 'UNAVAILABLE', outcome: 'not-applied', retryable: true });
    expect(isOfNoUse({ code })).toBe(true);
  });

  test.each(['42501', '42P01', '22021', '54000'])('after %s nothing was done, nor will be', code => {
    expect(failed(code)).toMatchObject({ code: 'STORE_REFUSED', outcome: 'not-applied', retryable: false });
    expect(isOfNoUse({ code })).toBe(false);
  });

  test('a statement that took too long leaves its connection as it is', () => {
    expect(isOfNoUse({ code: '57014' })).toBe(false);
    expect(errorCode(failed('57014'))).toBe('UNAVAILABLE');
  });
});
