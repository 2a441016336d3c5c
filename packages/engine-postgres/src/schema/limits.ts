/** How long a watch keeps a partition's changes written down and notified, beyond the last time it asked, seconds. */
export const watchedSeconds = 90;

/** How many changes of a watched partition are kept, about. */
export const changesMax = 1000;

/** How old an empty partition's last revision must be before it is forgotten: so far the server's clock may be set back. */
export const forgetSeconds = 3600;
