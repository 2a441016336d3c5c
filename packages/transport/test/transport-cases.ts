import { deliveryCases } from './delivery-cases.ts';
import { lifetimeCases } from './lifetime-cases.ts';
import { pressureCases } from './pressure-cases.ts';
import type { TransportCase } from './transport-case.ts';

export { type Mesh, runCase, type Started, type Subject, type TransportCase } from './transport-case.ts';

/** What the Transport seam promises: all cases, for `runCase`. */
export const transportCases: readonly TransportCase[] = [
  ...deliveryCases,
  ...pressureCases,
  ...lifetimeCases,
];
