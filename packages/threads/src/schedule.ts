/**
 * Runs a delivery later, never within this call. `queueMicrotask` is one.
 *
 * A simulator passes its own to decide when each delivery happens. Messages of one port keep their order whatever it does.
 */
export type Schedule = (deliver: () => void) => void;
