import { nodeId, seededRandom, sleep, systemClock } from '@quorate/core';
import { checkLinearizability } from '@quorate/sim';
import { createRequests } from '@quorate/transport';
import { createTcpTransport } from '@quorate/transport/tcp';
import type { ClientsAsk, ClientsReport, ClientsTask } from './clients-task.ts';
import { callsGroup, clientsName } from './node-task.ts';
import { Recorder, registersByKey } from './recorder.ts';
import { answerParent } from './told-process.ts';
import { PinnedReader, PinnedWriter, RoamingWorker, type Shift } from './workers.ts';

const { addresses, seed, roaming } = JSON.parse(process.argv[2] ?? '') as ClientsTask;

const transport = createTcpTransport({
  self: clientsName,
  peers: addresses,
  limits: { heartbeatMs: 250, silenceMs: 1500, connectMs: 1500, helloMs: 1500, backoffMaxMs: 200 },
});
const requests = createRequests(transport, {
  group: callsGroup,
  limits: { concurrencyMax: 5000, queueMax: 5000, outstandingMax: 5000 },
});
await requests.start();
const [over, givenUp] = [new AbortController(), new AbortController()];
const recorder = new Recorder();
const members = Object.keys(addresses).map(nodeId);
const shift: Shift = {
  requests,
  members,
  recorder,
  random: seededRandom(seed),
  over: over.signal,
  givenUp: givenUp.signal,
};
const roamers = Array.from({ length: roaming }, (_, index) => new RoamingWorker(shift, index));
const writers = members.map((_, index) => new PinnedWriter(shift, index));
const readers = members.map((_, index) => new PinnedReader(shift, index));
const work = Promise.all([...roamers, ...writers, ...readers].map(worker => worker.work()));

async function end(withinMs: number): Promise<ClientsReport> {
  over.abort();
  await Promise.race([work, sleep(systemClock, withinMs)]);
  givenUp.abort();
  await work;
  const { history, codes } = recorder;
  const result = await checkLinearizability(registersByKey, history, { deadlineMs: 120_000 });
  const open = history.filter(({ returnedAt }) => returnedAt === undefined);
  return {
    verdict: result.verdict,
    detail: result.verdict === 'ok' ? '' : result.verdict === 'violation' ? result.message : result.why,
    operations: history.length,
    reads: history.filter(({ input }) => input.type === 'read').length,
    open: open.length,
    openOfSessions: open.filter(({ process: name }) => String(name).startsWith('roaming')).length,
    codes: Object.fromEntries(codes),
    fates: Object.fromEntries(
      [...roamers, ...writers].map(({ name, fates: { asked, acknowledged, refused } }) => [
        name,
        { asked: asked.toJSON(), acknowledged: acknowledged.toJSON(), refused: refused.toJSON() },
      ]),
    ),
  };
}

answerParent((ask: ClientsAsk): Promise<ClientsReport> | number =>
  ask.do === 'end' ? end(ask.withinMs) : roamers.reduce((sum, { fates }) => sum + fates.acknowledged.size, 0),
);
