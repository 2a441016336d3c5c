/**
 * The writer's thread: what a thread of the process changes goes through it, so that whoever holds LMDB's write lock, were it a
 * stopped process, keeps no event loop waiting.
 */
import { receiveMessageOnPort, workerData } from 'node:worker_threads';
import { leaveDatabase, prepareDatabase } from './database-life.ts';
import { DatabaseWriter } from './database-writer.ts';
import { machineTime } from './machine-time.ts';
import { packResults, unpackBatch } from './packed-batch.ts';
import { toWire } from './wire-failure.ts';
import { whileCommitting } from './writer-phase.ts';
import { QueueLog } from './queue-log.ts';
import type {
  PackedAnswer,
  PackedEarly,
  WriterAnswer,
  WriterBatch,
  WriterEarly,
  WriterMessage,
  WriterOpened,
  WriterOrder,
} from './writer-protocol.ts';

const order = workerData as WriterOrder;
const { port } = order;
const bell = new Int32Array(order.bell);
let isOpen = false;
try {
  const time = machineTime();
  const { database, reserve, room } = whileCommitting(bell, () => prepareDatabase(order));
  port.postMessage({ opened: undefined } satisfies WriterOpened);
  isOpen = true;
  using log = order.log === undefined ? undefined : new QueueLog(order.log, order.folder);
  const options = { time, maxBytes: order.maxBytes, reserve };
  const writer = new DatabaseWriter(database, room, options, log && { log, tell: tellEarly });
  serve(writer, log);
  whileCommitting(bell, () => leaveDatabase(database, writer, order));
  await database.close();
} catch (thrown) {
  // From then on the thread's own error says it.
  if (isOpen) throw thrown;
  port.postMessage({ opened: toWire(thrown) } satisfies WriterOpened);
}
port.close();

/** Carries out batch after batch, until it is told to close. */
function serve(writer: DatabaseWriter, log: QueueLog | undefined): void {
  let rung = 0;
  for (;;) {
    const message = receiveMessageOnPort(port)?.message as WriterMessage | undefined;
    if (message === 'close') return;
    if (message !== undefined && 'suspect' in message) {
      whileCommitting(bell, () => writer.mend(message.suspect));
      continue;
    }
    if (message !== undefined) {
      const batch = unpackBatch(message);
      answer(
        batch,
        whileCommitting(bell, () => writer.run(batch)),
        log?.suspected,
      );
      continue;
    }
    log?.prepare();
    Atomics.wait(bell, 0, rung);
    rung = Atomics.load(bell, 0);
  }
}

function answer(batch: WriterBatch, { results, ...rest }: WriterAnswer, suspected: number | undefined): void {
  const packed = packResults(batch, results);
  port.postMessage({ ...rest, results: packed, suspected } satisfies PackedAnswer, [packed.bytes.buffer]);
}

function tellEarly(batch: WriterBatch, { early, wakes }: WriterEarly): void {
  const places = early.map(([place]) => place);
  const requests = places.map(place => batch[place] as WriterBatch[number]);
  const packed = packResults(
    requests,
    early.map(([, result]) => result),
  );
  port.postMessage({ places, early: packed, wakes } satisfies PackedEarly, [packed.bytes.buffer]);
}
