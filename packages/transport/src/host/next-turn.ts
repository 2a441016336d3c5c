/** The channel that stands in for `setImmediate` in browsers, made when it is first needed. */
let turns: { readonly port: MessagePort; readonly callbacks: (() => void)[] } | undefined;

/**
 * Runs `callback` in a later turn of the event loop, after I/O had its chance, in the order of the calls.
 *
 * Microtasks would not do: two peers that answer each other would keep everything else from running.
 */
export function nextTurn(callback: () => void): void {
  if (typeof setImmediate === 'function') {
    setImmediate(callback);
    return;
  }
  turns ??= openTurns();
  turns.callbacks.push(callback);
  turns.port.postMessage(undefined);
}

function openTurns(): { readonly port: MessagePort; readonly callbacks: (() => void)[] } {
  const { port1, port2 } = new MessageChannel();
  const callbacks: (() => void)[] = [];
  port1.onmessage = () => callbacks.shift()?.();
  return { port: port2 as MessagePort, callbacks };
}
