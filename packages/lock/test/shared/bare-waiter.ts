/** A thread with nothing to do but wait for a lock: no port is listened to, no timer runs. */
import { parentPort, workerData } from 'node:worker_threads';
import { attachTeam, type MemberId } from '@quorate/threads';
import { type LockPlace, ThreadMutex } from '../../src/shared/index.ts';

const { team, member, place } = workerData as { team: SharedArrayBuffer; member: MemberId; place: LockPlace };
const hold = await ThreadMutex.attach(place, { team: attachTeam(team), member }).lockAsync();
hold.release();
parentPort?.postMessage('held');
