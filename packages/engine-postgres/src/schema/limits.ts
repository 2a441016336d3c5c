/** How long changes of a partition are told after a watch has asked the last time, seconds. */
export const watchedSeconds = 90;

/** How many changes of a partition are kept, about. */
export const changesMax = 1000;

/** After how many mutations the oldest changes are thrown away. */
export const trimEvery = 250;

/** How old an empty partition's last revision must be before it is forgotten: so far the server's clock may be set back. */
export const forgetSeconds = 3600;

/** How long a partition that nobody watches keeps its changes after the last one, seconds. */
export const idleSeconds = 60;

/**
 * How far back the revision lies that a partition without a row is said to have, seconds. What has taken its revision and is not
 * committed yet comes later than that, and what was forgotten earlier.
 */
export const unknownSeconds: number = forgetSeconds / 2;

/** How many entries of a dead session are deleted in one transaction. */
export const clearMax = 100;
