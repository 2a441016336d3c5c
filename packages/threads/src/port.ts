/**
 * One end of a channel: the platform's own `MessagePort` with types on it.
 *
 * It is the platform's object and not a wrapper, so a port can sit anywhere inside a message and travel by being named in the
 * transfer list. Inline channels have ports of the same shape. Messages are cloned (structured clone), arrive in the order
 * they were posted, and are kept until the port is started.
 */
export interface Port<Send = unknown, Receive = unknown> {
  /**
   * Sends a message. What `transfer` lists is moved rather than copied and cannot be used here any more.
   *
   * Posting to a closed port does nothing, as the platform has it.
   *
   * @throws DataCloneError (a `DOMException`) when the message holds what cannot be cloned
   */
  postMessage(message: Send, transfer?: readonly object[]): void;

  /** Begins delivery. {@link listen} does it. */
  start(): void;

  /** Ends the channel. Messages posted before still arrive at the other end. */
  close(): void;

  /** Calls `listener` for each message. */
  addEventListener(type: 'message', listener: (event: PortEvent<Receive>) => void): void;
  /** Calls `listener` when a message cannot be read, or when the channel has ended. Browsers may not tell of the end. */
  addEventListener(type: 'messageerror' | 'close', listener: () => void): void;

  /** Removes a listener. */
  removeEventListener(type: 'message', listener: (event: PortEvent<Receive>) => void): void;
  /** Removes a listener. */
  removeEventListener(type: 'messageerror' | 'close', listener: () => void): void;

  /** Keeps the Node thread alive while the channel is open. Absent in browsers. */
  ref?(): void;

  /** Lets the Node thread end while the channel is open. Absent in browsers. */
  unref?(): void;

  /** Whether the channel keeps the Node thread alive; never once it is closed. Absent in browsers. */
  hasRef?(): boolean;
}

/** What a port's listener is given. */
export interface PortEvent<Receive> {
  readonly data: Receive;
}

/** What may be heard from a port beside its messages. */
export interface PortOutcomes {
  /**
   * The channel has ended. Node and inline ports tell; a browser's do not when the other thread dies. The platform tells once:
   * a port that ended in this thread before somebody listened is silent.
   */
  readonly onClose?: () => void;
  /** A message arrived that cannot be read in this thread, and is lost. */
  readonly onUnreadable?: () => void;
}

/**
 * Starts a port and calls `onMessage` for each message, until disposed. Disposing leaves the port open.
 */
export function listen<Receive>(
  port: Port<never, Receive>,
  onMessage: (message: Receive) => void,
  outcomes: PortOutcomes = {},
): Disposable {
  const { onClose, onUnreadable } = outcomes;
  const onEvent = (event: PortEvent<Receive>): void => onMessage(event.data);
  port.addEventListener('message', onEvent);
  if (onClose !== undefined) port.addEventListener('close', onClose);
  if (onUnreadable !== undefined) port.addEventListener('messageerror', onUnreadable);
  port.start();
  return {
    [Symbol.dispose](): void {
      port.removeEventListener('message', onEvent);
      if (onClose !== undefined) port.removeEventListener('close', onClose);
      if (onUnreadable !== undefined) port.removeEventListener('messageerror', onUnreadable);
    },
  };
}
