const identity = (bytes: Buffer): Buffer => bytes;

/** A unary method whose messages are bytes: nothing is encoded or decoded by anything but gRPC itself. */
export const echoMethod = {
  path: '/quorate.Bench/Echo',
  requestStream: false,
  responseStream: false,
  requestSerialize: identity,
  requestDeserialize: identity,
  responseSerialize: identity,
  responseDeserialize: identity,
} as const;
