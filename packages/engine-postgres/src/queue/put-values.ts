import type { NewMessage, QueuePut } from '@quorate/core';
import { numbersOf, numbersOrNone, textsOf, textsOrNone } from './array-literal.ts';
import { storedName, storedText } from './stored-name.ts';

/** The largest `integer` of PostgreSQL. */
const integerMax = 2 ** 31 - 1;

/** The parameters of messages on their way in: columns that hold their defaults alone are null, and bodies are one piece. */
export function putValues(puts: readonly QueuePut[]): unknown[] {
  const messages = puts.map(({ message }) => message);
  const bodies = messages.map(({ body }) => body);
  // What many have in common, as nearly all do the queue and the headers, is written once.
  let [queue, name]: string[] = [];
  const names = puts.map(put => {
    if (put.queue !== queue) name = storedName((queue = put.queue));
    return name;
  });
  let headers: NewMessage['headers'];
  let headersText: string | undefined;
  const headersTexts = messages.map(message => {
    if (message.headers !== headers) headersText = headersOf((headers = message.headers));
    return headersText;
  });
  let at = 0;
  const places = bodies.map(({ length }) => {
    at += length;
    return at - length;
  });
  return [
    textsOf(names),
    Buffer.concat(bodies),
    numbersOf(places),
    numbersOf(bodies.map(({ length }) => length)),
    textsOrNone(messages.map(({ id }) => (id === undefined ? undefined : storedText(id)))),
    numbersOrNone(messages.map(({ rememberMs }) => rememberMs && Math.ceil(rememberMs))),
    textsOrNone(headersTexts),
    numbersOrNone(messages.map(({ lane }) => lane)),
    textsOrNone(messages.map(({ key }) => key)),
    numbersOrNone(
      messages.map(({ key, keyActiveMax = 1 }) =>
        key === undefined ? undefined : Math.min(keyActiveMax, integerMax),
      ),
    ),
    numbersOrNone(messages.map(({ readyAtMs }) => readyAtMs && Math.ceil(readyAtMs))),
    numbersOrNone(messages.map(({ delayMs }) => delayMs && Math.ceil(delayMs))),
  ];
}

/** Headers as they are stored; nothing where there are none. */
export function headersOf(headers: Readonly<Record<string, string>> = {}): string | undefined {
  const text = JSON.stringify(headers);
  return text === '{}' ? undefined : text;
}

/** How many bytes go to the server, about. */
export function putBytes(puts: readonly QueuePut[]): number {
  let bytes = 0;
  for (const { message } of puts) {
    const { body, headers = {} } = message;
    bytes += body.length + 100;
    for (const name in headers) bytes += name.length + (headers[name] as string).length;
  }
  return bytes;
}
