/** Reports what a handler threw as uncaught, later: it is its owner's defect and must not stop the delivery to others. */
export function reportUncaught(thrown: unknown): void {
  queueMicrotask(() => {
    throw thrown;
  });
}
