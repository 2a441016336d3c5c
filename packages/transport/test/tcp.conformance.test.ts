import { describe, expect, test } from 'vitest';
import { tcpSubject } from './tcp-mesh.ts';
import { runCase, transportCases } from './transport-cases.ts';

describe('the TCP transport', () => {
  for (const each of transportCases)
    test(each.name, () => expect(runCase(tcpSubject, each)).resolves.toBeUndefined());
});
