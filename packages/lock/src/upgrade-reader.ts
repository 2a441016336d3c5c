import { boundedWait, type WaitOptions } from '@quorate/core';
import type { HoldCore } from './hold-core.ts';
import { locksClosed } from './lock-error.ts';
import { Slot } from './slot.ts';
import { Ticket } from './ticket.ts';
import { upgradeRule } from './ticket-rule.ts';

/**
 * Makes a second entry for a reader, which has its turn when nobody else reads, and is refused where a writer stands before it.
 *
 * @throws QuorateError `ABORTED`, `DEADLINE_EXCEEDED`, `UNAVAILABLE`, `CLOSED`
 */
export async function upgradeReader(
  { slot: reader, name, task }: HoldCore,
  options: WaitOptions,
): Promise<HoldCore | undefined> {
  const { station } = reader;
  const { pool, tickets, inBackground, isClosed } = station.context;
  const session = pool.ready(station.ttlMs) ?? (await pool.use(station.ttlMs));
  if (isClosed()) {
    pool.letGo(session);
    throw locksClosed(name);
  }
  const writer = new Slot(station, station.partner?.kind.delay);
  const rule = upgradeRule(reader.ticket.entry!.key);
  const ticket = new Ticket(tickets, session, station.kind.partition, rule, station.encode(rule));
  writer.ticket = ticket;
  let isOver = false;
  const turn = async (): Promise<HoldCore | undefined> => {
    let end = await ticket.run();
    if (end === 'granted' && !isOver) await reader.alone();
    if (end === 'granted' && !isOver && writer.delay !== undefined) end = await writer.delay.enter(ticket);
    if (end === 'granted' && !isOver && reader.ticket.session.remainingMs() > 0) {
      return station.adopt(writer, name, task);
    }
    if (end === 'granted') {
      await writer.delay?.leave(ticket);
      await ticket.leave();
    }
    pool.letGo(session);
    return undefined;
  };
  const work = turn();
  inBackground(work.catch(() => pool.letGo(session)));
  let fail!: (reason: unknown) => void;
  const closing = new Promise<never>((_, reject) => {
    fail = reject;
  });
  station.upgrades.add(fail);
  try {
    return await boundedWait(tickets.clock, options, 'not-applied', () => Promise.race([work, closing]));
  } catch (thrown) {
    // It may have been had in the very moment in which the wait was given up.
    inBackground(work.then(upgraded => upgraded?.release()).catch(() => {}));
    throw thrown;
  } finally {
    station.upgrades.delete(fail);
    isOver = true;
    if (!writer.isGranted) ticket.withdraw();
    reader.cancelAlone();
  }
}
