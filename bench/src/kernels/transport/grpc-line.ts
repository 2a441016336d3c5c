import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { echoMethod } from './echo-method.ts';
import type { OpenLine } from './line.ts';
import { startPeer } from './peer-thread.ts';

/** Unary calls of grpc-js, in plain text, each with a deadline, as it is told to have one. */
export function grpcLine(): OpenLine {
  return async (hear, fail) => {
    const thread = await startPeer<number>('grpc-peer.ts', null);
    const client = new Client(`127.0.0.1:${thread.answer}`, credentials.createInsecure());
    await new Promise<void>((resolve, reject) => {
      client.waitForReady(Date.now() + 10_000, error => (error ? reject(error) : resolve()));
    });
    const { path, requestSerialize, responseDeserialize } = echoMethod;
    const metadata = new Metadata();
    return {
      send(message) {
        const options = { deadline: Date.now() + 10_000 };
        client.makeUnaryRequest(
          path,
          requestSerialize,
          responseDeserialize,
          message as Buffer,
          metadata,
          options,
          (error, answer) => {
            if (error === null) hear(answer as Buffer);
            else fail(error);
          },
        );
      },
      async close() {
        client.close();
        await thread.end();
      },
    };
  };
}
