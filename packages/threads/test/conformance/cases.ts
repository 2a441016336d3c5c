import { callCases } from './calls.cases.ts';
import { deathCases } from './death.cases.ts';
import { memoryCases } from './memory.cases.ts';
import { portCases } from './port.cases.ts';
import { spawnCases } from './spawn.cases.ts';
import type { Case } from './subject.ts';
import { teamCases } from './team.cases.ts';

/** What every backend promises. */
export const cases: readonly Case[] = [
  ...spawnCases,
  ...callCases,
  ...deathCases,
  ...portCases,
  ...teamCases,
  ...memoryCases,
];
