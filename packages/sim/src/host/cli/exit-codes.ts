/** What `pnpm sim` ends with. */
export const exitCodes = {
  fine: 0,
  violation: 1,
  inconclusive: 2,
  scenarioFailed: 3,
  usage: 64,
} as const;
