import { attachSharedTransport, createSharedNetwork } from '@quorate/transport/shared';
import { describe, expect, test } from 'vitest';
import { type Subject, runCase, transportCases } from './transport-cases.ts';

const subject: Subject = {
  name: 'shared memory',
  async open(names) {
    const network = createSharedNetwork({ peers: names, ringBytes: 0x4_0000 });
    const transports = names.map(name => attachSharedTransport(structuredClone(network), name));
    return {
      transports,
      async [Symbol.asyncDispose]() {
        await Promise.all(transports.map(transport => transport[Symbol.asyncDispose]()));
      },
    };
  },
};

describe('the shared-memory transport', () => {
  for (const each of transportCases)
    test(each.name, () => expect(runCase(subject, each)).resolves.toBeUndefined());
});
