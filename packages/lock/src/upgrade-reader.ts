import { boundedWait, type WaitOptions } from '@quorate/core';
import type { HoldCore } from './hold-core.ts';
import type { OwnTask } from './lock-task.ts';
import { Slot } from './slot.ts';
import { Ticket } from './ticket.ts';
import { upgradeRule } from './ticket-rule.ts';

/**
 * Makes a second entry for a reader, which has its turn when nobody else reads, and is refused where a writer stands before it.
 *
 * @throws QuorateError `ABORTED`, `DEADLINE_EXCEEDED`, `UNAVAILABLE`, `CLOSED`
 */
export async function upgradeReader(
  reader: Slot,
  name: string,
  task: OwnTask | undefined,
  options: WaitOptions,
): Promise<HoldCore | undefined> {
  const { station } = reader;
  const { pool, tickets, inBackground } = reader.station.context;
  const session = pool.ready(station.ttlMs) ?? (await pool.use(station.ttlMs));
  const writer = new Slot(station);
  const rule = upgradeRule(reader.ticket.entry!.key);
  writer.ticket = new Ticket(tickets, session, station.kind.partition, rule, station.encode(rule));
  let isOver = false;
  const turn = async (): Promise<HoldCore | undefined> => {
    const end = await writer.ticket.run();
    if (end === 'granted') await reader.alone();
    if (end === 'granted' && !isOver && reader.ticket.session.remainingMs() > 0) {
      return station.adopt(writer, name, task);
    }
    if (end === 'granted') await writer.ticket.leave();
    pool.letGo(session);
    return undefined;
  };
  const work = turn();
  inBackground(work.catch(() => pool.letGo(session)));
  try {
    return await boundedWait(tickets.clock, options, 'not-applied', () => work);
  } finally {
    isOver = true;
    if (!writer.isGranted) writer.ticket.withdraw();
    reader.cancelAlone();
  }
}
