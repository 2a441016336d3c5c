import { connect } from 'node:net';

/** How long one try waits for an answer. */
const ANSWER_MS = 1_000;

/** Sends something to a port and gives what comes back, up to where it is enough, or the end. Empty where nobody answers. */
export function ask(
  port: number,
  request: Uint8Array | string,
  isEnough: (answer: Buffer) => boolean = () => false,
): Promise<Buffer> {
  return new Promise(resolve => {
    const chunks: Buffer[] = [];
    const socket = connect(port, '127.0.0.1', () => {
      if (request.length > 0) socket.write(request);
    });
    socket.setTimeout(ANSWER_MS, () => socket.destroy());
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      if (isEnough(Buffer.concat(chunks))) socket.destroy();
    });
    socket.on('close', () => resolve(Buffer.concat(chunks)));
  });
}

/** One command to a Redis server, on a connection of its own. What it answers, in the protocol's own words. */
export async function askRedis(port: number, ...command: readonly string[]): Promise<string> {
  const encode = (words: readonly string[]): string =>
    `*${words.length}\r\n${words.map(word => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;
  const answer = await ask(port, encode(command) + encode(['QUIT']));
  return answer
    .toString()
    .replace(/\+OK\r\n$/, '')
    .trim();
}
