/** One client of the page's live feed: server-sent events over a `fetch` stream, because EventSource cannot send a token. */
export class EventStream {
  readonly response: Response;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  readonly #onClose: (stream: EventStream) => void;

  constructor(headers: Record<string, string>, onClose: (stream: EventStream) => void) {
    this.#onClose = onClose;
    const body = new ReadableStream<Uint8Array>(
      {
        start: controller => {
          this.#controller = controller;
        },
        cancel: () => this.#closed(),
      },
      { highWaterMark: 64 * 1024, size: chunk => chunk.length },
    );
    this.response = new Response(body, { headers: { ...headers, 'content-type': 'text/event-stream' } });
  }

  /** Whether the client reads as fast as we write. One that does not misses states, which are replaced anyway. */
  get keepsUp(): boolean {
    return (this.#controller?.desiredSize ?? 0) > 0;
  }

  send(event: string, data: unknown): void {
    const text = `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
    try {
      this.#controller?.enqueue(new TextEncoder().encode(text));
    } catch {
      this.#closed();
    }
  }

  close(): void {
    const controller = this.#controller;
    this.#closed();
    controller?.close();
  }

  #closed(): void {
    this.#controller = undefined;
    this.#onClose(this);
  }
}
