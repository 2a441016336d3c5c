import { workerData } from 'node:worker_threads';
import { type PingPongOrder, pingPong, say, waiting } from './ping-pong.ts';

/** Answers every ping with its number, until a negative one arrives. */
const { memory, spins } = workerData as PingPongOrder;
const { ping, pong } = pingPong.view(memory);
const wait = waiting(spins);
for (let seen = 0; seen >= 0; ) {
  seen = wait(ping, seen);
  say(pong, seen);
}
