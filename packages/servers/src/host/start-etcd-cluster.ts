import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.ts';
import { ask } from './probe.ts';
import { binaryOf } from './programs.ts';
import { type Server, startServer } from './server-process.ts';

/** An etcd cluster whose members sync every write to disk, as by default. */
export interface EtcdCluster extends AsyncDisposable {
  /** `port` of each is where clients connect. */
  readonly members: readonly Server[];
}

const MEMBERS = 3;
const READY_MS = 60_000;

/** Starts three members; ready when each of them knows a leader. */
export async function startEtcdCluster(): Promise<EtcdCluster> {
  const peerUrls: string[] = [];
  for (let index = 0; index < MEMBERS; index++) peerUrls.push(`http://127.0.0.1:${await freePort()}`);
  const initial = peerUrls.map((url, index) => `member-${index}=${url}`).join(',');
  const starts = await Promise.allSettled(
    peerUrls.map((peerUrl, index) => startMember(`member-${index}`, peerUrl, initial)),
  );
  const members = starts.flatMap(start => (start.status === 'fulfilled' ? [start.value] : []));
  const dispose = async (): Promise<void> => {
    await Promise.all(members.map(member => member[Symbol.asyncDispose]()));
  };
  try {
    for (const start of starts) if (start.status === 'rejected') throw start.reason;
    await becomesReady(members);
  } catch (thrown) {
    await dispose();
    throw thrown;
  }
  return { members, [Symbol.asyncDispose]: dispose };
}

/** It answers before it has met the others, so that all of them can be started at once. */
function startMember(name: string, peerUrl: string, initial: string): Promise<Server> {
  const clientUrl = (port: number): string => `http://127.0.0.1:${port}`;
  return startServer({
    name: 'etcd',
    program: binaryOf('etcd'),
    args: (port, folder) => [
      `--name=${name}`,
      `--data-dir=${folder}/data`,
      '--log-level=warn',
      `--listen-client-urls=${clientUrl(port)}`,
      `--advertise-client-urls=${clientUrl(port)}`,
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--initial-cluster=${initial}`,
      '--initial-cluster-state=new',
    ],
    url: clientUrl,
    isReady: async () => true,
  });
}

async function becomesReady(members: readonly Server[]): Promise<void> {
  const dueMs = Date.now() + READY_MS;
  const isHealthy = async ({ port }: Server): Promise<boolean> => {
    const request = 'GET /health HTTP/1.1\r\nHost: etcd\r\nConnection: close\r\n\r\n';
    return (await ask(port, request)).includes('"health":"true"');
  };
  while (!(await Promise.all(members.map(isHealthy))).every(Boolean)) {
    const ended = members.find(({ isRunning }) => !isRunning);
    const late = Date.now() > dueMs;
    if (ended !== undefined || late) {
      const what = ended === undefined ? `was not ready within ${READY_MS} ms` : 'has a member that ended';
      throw new Error(`The cluster ${what}:\n${(ended ?? members[0])?.output.slice(-2_000)}`);
    }
    await sleep(20);
  }
}
