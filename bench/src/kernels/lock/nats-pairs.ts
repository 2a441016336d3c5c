import { urlOf } from '../store/services.ts';
import type { OpenPairs } from './pairs.ts';

/** A key that must not be there, and its deletion at the revision that it came with, as locks are made by hand on NATS. */
export function rawNatsPairs(): OpenPairs {
  return async () => {
    const { Kvm } = await import('@nats-io/kv');
    const { connect } = await import('@nats-io/transport-node');
    const connection = await connect({ servers: urlOf('nats') });
    const kv = await new Kvm(connection).create(`raw-${process.pid}`);
    const value = new Uint8Array([7]);
    return {
      async pair(index) {
        const key = `order-${index}`;
        const revision = await kv.create(key, value);
        await kv.delete(key, { previousSeq: revision });
        return revision;
      },
      close: async () => connection.close(),
    };
  };
}
