import { seededRandom } from '@quorate/core';
import { skipReason } from '@quorate/servers';
import { describe, expect, test } from 'vitest';
import { type EngineName, engines, startEngine } from '../engines.ts';
import { Campaign, type Handling, moments, workerCount } from './campaign.ts';

const isLong = process.env['QUORATE_LONG'] !== undefined;
/** How many processes are killed; servers are restarted and processes stand still beside. */
const killCount = isLong ? 1000 : 6;

/** After how many disturbances a run says how far it is. */
const progressEvery = 50;

/** What is of interest of a run beside that it passed. */
function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

async function campaign(engine: EngineName): Promise<Campaign> {
  await using stand = await startEngine(engine);
  await using run = new Campaign(stand, seededRandom(`queue-campaign-${engine}`));
  for (let index = 0; index < workerCount; index++) await run.start();
  await run.disturb(killCount, count => {
    if (count % progressEvery !== 0) return;
    say(`${count} disturbances on ${engine}, ${run.killCount} kills, ${run.sent.size} sent`);
  });
  await run.finish();
  return run;
}

/** Of each message the handlings, by their tokens: but for the last they were in vain. */
function byMessage(handlings: readonly Handling[]): Map<string, Handling[]> {
  const sorted = handlings.toSorted((a, b) => (a.token < b.token ? -1 : 1));
  return Map.groupBy(sorted, ({ id }) => id);
}

/** In which cycles more was handled in vain than what disturbed them can have brought about, and how much. */
function tooVain(vain: readonly Handling[], vainMax: readonly number[]): string[] {
  const counts = new Map<number, number>();
  for (const { cycle } of vain) counts.set(cycle, (counts.get(cycle) ?? 0) + 1);
  return [...counts].flatMap(([cycle, count]) => {
    // What had begun before it, and what a process that stood still says late.
    const max = (vainMax[cycle] ?? 0) + (vainMax[cycle - 1] ?? 0);
    return count > max ? [`${count} in cycle ${cycle}, where ${max} may be`] : [];
  });
}

describe('workers that are killed and stand still, and a server that is, lose nothing that was sent', () => {
  for (const { name, program: needed } of engines) {
    const reason = needed === undefined ? undefined : skipReason(needed);
    test.skipIf(reason !== undefined)(
      `on ${name} (needs it${reason === undefined ? '' : `, ${reason}`})`,
      { timeout: 300_000 + killCount * 30_000 },
      async () => {
        const { sent, settled, struck, vainMax, handlings, killCount: kills } = await campaign(name);
        const handled = byMessage(handlings);
        // Who stood still between its lease and its first word is heard late: the tokens tell that, not the order of the words.
        const vain = [...handled.values()].flatMap(each => each.slice(0, -1));
        const vainMaxInAll = vainMax.reduce((sum, count) => sum + count, 0);
        say(
          `${kills} kills and ${vainMax.length - kills} other disturbances on ${name}: ${sent.size} sent, ${vain.length} handled ` +
            `in vain, ${vainMaxInAll} may have been; kills in ${moments.map(each => `${each} ${struck[each]}`).join(', ')}`,
        );
        expect([...sent].filter(id => !handled.has(id))).toEqual([]);
        expect(sent.size).toBeGreaterThan(killCount);
        expect(kills).toBeGreaterThanOrEqual(killCount);
        expect(moments.filter(moment => struck[moment] === 0)).toEqual([]);
        for (const each of handled.values()) {
          expect(new Set(each.map(({ token }) => token)).size).toBe(each.length);
        }
        // What was acknowledged never comes again.
        expect(vain.filter(({ id, token }) => settled.get(id) === token)).toEqual([]);
        expect(tooVain(vain, vainMax)).toEqual([]);
        expect(vain.length).toBeLessThanOrEqual(vainMaxInAll);
      },
    );
  }
});
