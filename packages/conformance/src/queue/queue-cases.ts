import { deliveryCases } from './delivery-cases.ts';
import { queueHistoryCases } from './history-cases.ts';
import { idCases } from './id-cases.ts';
import { inspectCases } from './inspect-cases.ts';
import { orderCases } from './order-cases.ts';
import type { QueueCase } from './queue-case.ts';
import { queueFaultCases } from './queue-fault-cases.ts';
import { refusalCases } from './refusal-cases.ts';
import { settleCases } from './settle-cases.ts';
import { stateCases } from './state-cases.ts';
import { timeCases } from './time-cases.ts';

/** What the QueueStore seam promises: all cases, for `runQueueCase`. */
export const queueCases: readonly QueueCase[] = [
  ...deliveryCases,
  ...timeCases,
  ...orderCases,
  ...idCases,
  ...settleCases,
  ...stateCases,
  ...inspectCases,
  ...refusalCases,
  ...queueHistoryCases,
  ...queueFaultCases,
];
