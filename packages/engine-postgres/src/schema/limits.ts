/** How long changes of a partition are told after a watch has asked the last time, seconds. */
export const watchedSeconds = 90;

/** How many changes of a partition are kept, about. */
export const changesMax = 1000;

/** How old an empty partition's last revision must be before it is forgotten: so far the server's clock may be set back. */
export const forgetSeconds = 3600;

/** How long a partition that nobody watches keeps its changes after the last one, seconds. */
export const idleSeconds = 60;
