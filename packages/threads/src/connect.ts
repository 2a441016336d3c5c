import { type Clock, systemClock } from '@quorate/core';
import { type Callable, Caller } from './caller.ts';
import { type Port, listen } from './port.ts';
import { Responder, endedReason } from './responder.ts';
import type { Methods } from './service.ts';
import type { MemberId, Team } from './team.ts';
import type { Reply, Request } from './wire.ts';

/** Calls over a port. Disposing closes the port; what is outstanding rejects with `WORKER_LOST`. */
export interface Connection<M extends Methods = Methods> extends Callable<M>, Disposable {}

/** How calls over a port are made. */
export interface ConnectOptions {
  /** Who holds the other end: a browser's port does not tell that its thread has died, a team does. */
  readonly peer?: { readonly team: Team; readonly member: MemberId } | undefined;
  /** Calls beyond this many unanswered ones are refused. Default 4,096. */
  readonly outstandingMax?: number | undefined;
  /** What deadlines are measured on. Default `systemClock`. */
  readonly clock?: Clock | undefined;
}

/**
 * Makes calls to whoever {@link respond}s at the other end of a port: two workers that talk without their spawner in between.
 */
export function connect<M extends Methods>(port: Port<never>, options: ConnectOptions = {}): Connection<M> {
  const { peer, clock = systemClock, outstandingMax = 4_096 } = options;
  const wire = port as unknown as Port<Request, Reply>;
  const caller = new Caller(wire, { clock, outstandingMax });
  let watch: Disposable | undefined;
  const lose = (message: string): void => {
    watch?.[Symbol.dispose]();
    caller.lose({ message, cause: undefined });
    wire.close();
  };
  listen(
    wire,
    reply => {
      if (reply.kind === 'left') lose('The other end of the port was disposed');
      else if (reply.kind === 'result' || reply.kind === 'failure') caller.receive(reply);
    },
    {
      onClose: () => lose('The other end of the port was closed'),
      onUnreadable: () => lose('An answer could not be read'),
    },
  );
  // Node tells of the end once, maybe before this connection listened; then only a port that cannot be held open shows it.
  wire.ref?.();
  if (wire.hasRef?.() === false) lose('The port was closed');
  else if (peer !== undefined) {
    const check = (): void => {
      if (!peer.team.isAlive(peer.member)) lose(`Member ${peer.member} has died`);
    };
    watch = peer.team.watch(check);
    check();
  }
  const connection = {
    get outstandingCount(): number {
      return caller.outstandingCount;
    },
    call: caller.call.bind(caller),
    [Symbol.dispose]: () => lose('The connection was disposed'),
  };
  return connection as unknown as Connection<M>;
}

/** Answers the calls of a {@link connect} at the other end, until disposed: then what runs is aborted and the port closed. */
export function respond(port: Port<never>, methods: Methods): Disposable {
  const wire = port as unknown as Port<Reply, Request>;
  const responder = new Responder(wire, methods);
  const end = (): void => {
    responder.stop(endedReason('The responder was disposed, or its port closed'));
    wire.postMessage({ kind: 'left', code: 0 });
    wire.close();
  };
  listen(wire, request => responder.receive(request), { onClose: end, onUnreadable: end });
  return { [Symbol.dispose]: end };
}
