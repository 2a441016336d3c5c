/** Who asks from outside. */
export const clientName = 'client';
export const replicaGroup = 0;
/** The group of requests from outside. */
export const clientGroup = 1;
/** More callers than any bench has. */
export const requestLimits = { concurrencyMax: 5000, queueMax: 5000, outstandingMax: 5000 } as const;
