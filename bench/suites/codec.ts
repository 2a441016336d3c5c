import { decoding, encoding, ours, oursAnew, protobufjs } from '../src/kernels/entry-batches.ts';
import { defineSuite } from '../src/suite.ts';

const [withChecksum, plain, anew] = [
  '@quorate/transport',
  '@quorate/transport, no checksum',
  '@quorate/transport, no checksum, a new buffer each',
];
const [objects, numbers] = ['protobufjs', 'protobufjs, 64 bits as numbers'];

export default defineSuite({
  name: 'codec',
  about: 'Batches of 64 log entries of 100 bytes, to bytes and back; an operation is a batch.',
  benches: [
    {
      name: 'encode',
      about: 'entries become the bytes of one message',
      of: plain,
      contenders: {
        [withChecksum]: encoding(() => ours(true)),
        [plain]: encoding(() => ours(false)),
        [anew]: encoding(oursAnew),
        [objects]: encoding(() => protobufjs(true)),
        [numbers]: encoding(() => protobufjs(false)),
      },
      goals: [
        { of: plain, to: objects, atMost: 1 / 5 },
        { of: withChecksum, to: objects, atMost: 1 / 5 },
        { of: anew, to: objects, atMost: 1 / 5 },
      ],
    },
    {
      name: 'decode',
      about: 'the bytes become entries again, whose payloads are views; every field is read',
      agree: true,
      of: plain,
      contenders: {
        [withChecksum]: decoding(() => ours(true)),
        [plain]: decoding(() => ours(false)),
        [objects]: decoding(() => protobufjs(true)),
        [numbers]: decoding(() => protobufjs(false)),
      },
      goals: [
        { of: plain, to: objects, atMost: 1 / 2 },
        { of: withChecksum, to: objects, atMost: 1 / 2 },
        { of: plain, to: numbers, atMost: 1 / 2 },
      ],
    },
  ],
});
