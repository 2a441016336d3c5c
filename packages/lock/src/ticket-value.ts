/** Who stands in a queue, and how. Written in front of an entry's own bytes. */
export interface TicketHead {
  /** `x` alone, `r` among readers, `p` with one of some permits. */
  readonly mode: TicketMode;
  /** The manager that wrote it. */
  readonly client: string;
}

export type TicketMode = 'x' | 'r' | 'p';

const newLine = 0x0a;

/** The entries of a client that hold nothing of their own, by mode. */
export function plainTickets(client: string): Readonly<Record<TicketMode, Uint8Array>> {
  const plain = (mode: TicketMode): Uint8Array => encodeTicket({ mode, client });
  return { x: plain('x'), r: plain('r'), p: plain('p') };
}

/** One line of JSON, and then the candidate's own bytes, if there are any. */
export function encodeTicket(head: TicketHead, value: Uint8Array = new Uint8Array(0)): Uint8Array {
  const line = new TextEncoder().encode(`${JSON.stringify(head)}\n`);
  const bytes = new Uint8Array(line.length + value.length);
  bytes.set(line);
  bytes.set(value, line.length);
  return bytes;
}

/** What cannot be read stands alone, which is the safe thing to take it for. */
export function decodeTicket(bytes: Uint8Array): { readonly head: TicketHead; readonly value: Uint8Array } {
  const end = bytes.indexOf(newLine);
  const value = end === -1 ? bytes : bytes.subarray(end + 1);
  return { head: readHead(bytes.subarray(0, Math.max(0, end))), value };
}

function readHead(line: Uint8Array): TicketHead {
  try {
    const { mode, client } = JSON.parse(new TextDecoder().decode(line)) as Partial<TicketHead>;
    if (mode === 'x' || mode === 'r' || mode === 'p') return { mode, client: String(client) };
  } catch {
    // Falls through: somebody else's entry.
  }
  return { mode: 'x', client: '' };
}
