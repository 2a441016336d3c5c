import { checkFence, checkResource, type FencedWrite } from './fenced-write.ts';

/** `Redis` and `Cluster` of ioredis; what another client has is easily brought into this form. */
export interface RedisEvaluator {
  eval(script: string, keyCount: number, ...keysAndArguments: string[]): Promise<unknown>;
}

/** One command: its name, and then its arguments. */
export type RedisCommand = readonly [name: string, ...arguments: (string | number)[]];

/**
 * Fences are compared as digits, because Lua's numbers end at 2^53. All arguments come one after the other: the fence, and each
 * command behind the number of its words.
 */
const script = `
local seen = redis.call('GET', KEYS[1]) or '0'
local fence = ARGV[1]
if #seen > #fence or (#seen == #fence and seen > fence) then return {0, seen} end
redis.call('SET', KEYS[1], fence)
local results, at = {}, 2
while at <= #ARGV do
  local count = tonumber(ARGV[at])
  local words = {}
  for word = 1, count do words[word] = ARGV[at + word] end
  results[#results + 1] = redis.call(unpack(words))
  at = at + count + 1
end
return {1, results}
`;

/**
 * Carries commands out in one step, unless a newer fence has been seen at `fenceKey`. The keys of the commands stand in
 * `keys`, and on a cluster they share their hash slot with `fenceKey`.
 *
 * Redis takes nothing back: where a command fails, those before it have been carried out, and the promise rejects.
 * The fence's key never expires, for a fence that was forgotten stops nobody.
 *
 * @returns what the commands returned, in their order
 */
export async function fencedRedisWrite(
  redis: RedisEvaluator,
  fenceKey: string,
  fence: bigint,
  keys: readonly string[],
  commands: readonly RedisCommand[],
): Promise<FencedWrite<readonly unknown[]>> {
  checkFence(fence);
  checkResource(fenceKey);
  const words = commands.flatMap(command => [`${command.length}`, ...command.map(String)]);
  const answer = await redis.eval(script, keys.length + 1, fenceKey, ...keys, `${fence}`, ...words);
  const [isWritten, rest] = answer as [unknown, unknown];
  if (Number(isWritten) === 1) return { outcome: 'written', result: rest as readonly unknown[] };
  return { outcome: 'stale', newest: BigInt(String(rest)) };
}
