import { parentPort } from 'node:worker_threads';
import { type sendUnaryData, Server, ServerCredentials, type ServerUnaryCall } from '@grpc/grpc-js';
import { echoMethod } from './echo-method.ts';

/** A gRPC server that answers every request with its own bytes. */
const server = new Server();
server.addService(
  { echo: echoMethod },
  {
    echo: ({ request }: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) =>
      answer(null, request),
  },
);
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  parentPort?.postMessage(port);
});
