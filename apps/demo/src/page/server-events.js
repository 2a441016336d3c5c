/**
 * Server-sent events over a `fetch` stream: EventSource could not send the token, and a cookie would go to every port of
 * this machine.
 *
 * @param {string} path
 * @param {string} token
 * @param {(event: string, data: any) => void} onEvent
 * @returns {Promise<string>} why it ended, in a sentence
 */
export async function readEvents(path, token, onEvent) {
  let response;
  try {
    response = await fetch(path, { headers: { authorization: `Bearer ${token}` } });
  } catch {
    return 'The demo does not answer: it has ended, or its port is out of reach. Start it again with pnpm demo and open the address it prints.';
  }
  if (response.status === 401) {
    return 'This address carries no valid token: open the one that the demo printed last. Every run has its own.';
  }
  if (!response.ok || response.body === null) {
    const problem = await response.json().catch(() => ({}));
    return problem.detail ?? `The demo answered ${response.status} and no feed.`;
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      const messages = (rest + value).split('\n\n');
      rest = messages.pop() ?? '';
      for (const message of messages) dispatch(message, onEvent);
    }
  } catch {
    return 'The connection to the demo broke off: it was killed, or this machine was asleep.';
  }
  return 'The demo has ended the connection: it is shutting down.';
}

function dispatch(message, onEvent) {
  let event = 'message';
  let data = '';
  for (const line of message.split('\n')) {
    if (line.startsWith('event: ')) event = line.slice(7);
    else if (line.startsWith('data: ')) data += line.slice(6);
  }
  if (data !== '') onEvent(event, JSON.parse(data));
}
