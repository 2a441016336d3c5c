/** The part of Node's `IncomingMessage` that is used. */
export interface IncomingRequest extends AsyncIterable<Uint8Array> {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** The part of Node's `ServerResponse` that is used. */
export interface OutgoingResponse {
  writeHead(status: number, headers: Record<string, string>): unknown;
  end(body?: string): unknown;
}

/** Answers a request, as servers that speak `fetch` have it. */
export type FetchHandler = (request: Request) => Promise<Response>;

/** A handler as a listener for `http.createServer`. What `fetch` cannot represent is answered with 400. */
export function nodeListener(
  handler: FetchHandler,
): (incoming: IncomingRequest, outgoing: OutgoingResponse) => void {
  return (incoming, outgoing) => {
    void respond(handler, incoming, outgoing);
  };
}

async function respond(
  handler: FetchHandler,
  incoming: IncomingRequest,
  outgoing: OutgoingResponse,
): Promise<void> {
  try {
    const request = requestOf(incoming);
    const response = request === undefined ? unreadable() : await handler(request);
    const body = await response.text();
    // What the handler did not read is not read at all: the connection is of no more use then.
    const headers = Object.fromEntries(response.headers);
    if (response.status === 413) headers['connection'] = 'close';
    outgoing.writeHead(response.status, headers);
    outgoing.end(body);
  } catch {
    // The request ended in its middle, or something is wrong that the caller has no part in.
    outgoing.writeHead(500, { 'content-type': 'application/json' });
    outgoing.end('{"error":{"code":"INTERNAL","message":"The request failed"}}\n');
  }
}

function unreadable(): Response {
  const body = '{"error":{"code":"BAD_REQUEST","message":"Method or path cannot be read"}}\n';
  return new Response(body, { status: 400, headers: { 'content-type': 'application/json' } });
}

/** Undefined where `fetch` knows no such request: the method `TRACE`, a path with a password. */
function requestOf(incoming: IncomingRequest): Request | undefined {
  try {
    return readRequest(incoming);
  } catch {
    return undefined;
  }
}

function readRequest(incoming: IncomingRequest): Request {
  const { method = 'GET', url = '/', headers } = incoming;
  const hasBody = method !== 'GET' && method !== 'HEAD';
  // Only the path counts; what the host is called is the caller's word.
  const base = 'http://localhost';
  const plain = Object.entries(headers).flatMap(([name, value]): [string, string][] =>
    typeof value === 'string' && !name.startsWith(':') ? [[name, value]] : [],
  );
  if (!hasBody) return new Request(new URL(url, base), { method, headers: plain });
  const iterator = incoming[Symbol.asyncIterator]();
  // Nothing is read ahead, and who cancels waits for nobody: returning the iterator would wait for the caller's next bytes, and
  // close the connection before it is answered.
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await iterator.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
    },
    { highWaterMark: 0 },
  );
  const init = { method, headers: plain, body, duplex: 'half' };
  return new Request(new URL(url, base), init as RequestInit);
}
