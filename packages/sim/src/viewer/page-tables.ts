import type { RunResult } from '../run-result.ts';
import type { TraceEvent } from '../trace/trace-event.ts';
import { eventText, timeText } from './event-text.ts';
import { flatDetail } from './flat-detail.ts';
import { element, escape } from './markup.ts';
import { recorded } from './page-data-of.ts';

const BEFORE = 30;
const AFTER = 10;
const EQUAL_EVENTS = 4;
const OTHER_EVENTS = 2;

/** The events around the finding, or the first ones, for those who cannot see the drawing. Needs no script. */
export function eventsTable(result: RunResult, finding: number | undefined): string {
  const trace = recorded(result);
  const from = Math.max((finding ?? 0) - BEFORE, 0);
  const to = Math.min((finding ?? BEFORE) + AFTER, trace.length - 1);
  const rows = trace
    .slice(from, to + 1)
    .map((event, offset) =>
      element(
        'tr',
        { class: from + offset === finding ? 'here' : undefined },
        element('td', {}, timeText(event.atUs)),
        element('td', {}, escape(event.node || 'the world')),
        element('td', {}, escape(eventText(flatDetail(event.detail)))),
      ),
    );
  const about = finding === undefined ? 'The first events' : 'Events around the finding';
  const head = ['Time', 'Where', 'What'].map(name => element('th', { scope: 'col' }, name)).join('');
  return element(
    'details',
    { class: 'card' },
    element('summary', {}, `${about}, as a table`),
    element(
      'div',
      { class: 'scroll' },
      element(
        'table',
        {},
        element('caption', {}, `${about}: ${rows.length} of ${trace.length.toLocaleString('en-US')}`),
        element('thead', {}, element('tr', {}, head)),
        element('tbody', {}, ...rows),
      ),
    ),
  );
}

/** Where two runs part, side by side: the last events that are equal, the first that differs, and what follows. */
export function partingTable(one: RunResult, other: RunResult, position: number | undefined): string {
  const [left, right] = [recorded(one), recorded(other)];
  if (position === undefined) {
    const equal = one.traceHash === other.traceHash;
    const text = equal
      ? `Both runs have the same ${left.length.toLocaleString('en-US')} events.`
      : 'The hashes of the traces differ, but the events that were recorded do not.';
    return element('section', { class: 'card parting' }, element('p', {}, text));
  }
  const rows: string[] = [];
  for (let place = Math.max(position - EQUAL_EVENTS, 0); place <= position + OTHER_EVENTS; place++) {
    rows.push(
      element(
        'tr',
        { class: place === position ? 'differs' : undefined },
        element('td', {}, String(left[place]?.index ?? right[place]?.index ?? place)),
        element('td', {}, eventLink(left[place], 0, place)),
        element('td', {}, eventLink(right[place], 1, place)),
      ),
    );
  }
  const title = (name: string, { scenario, seed, verdict }: RunResult): string =>
    element('th', { scope: 'col' }, escape(`${name}: ${scenario}, seed ${seed}, ${verdict}`));
  const head = element(
    'tr',
    {},
    element('th', { scope: 'col' }, 'Event'),
    title('A', one),
    title('B', other),
  );
  return element(
    'section',
    { class: 'card parting' },
    element(
      'h2',
      {},
      `The runs part at event ${left[position]?.index ?? right[position]?.index ?? position}`,
    ),
    element(
      'div',
      { class: 'scroll' },
      element('table', {}, element('thead', {}, head), element('tbody', {}, ...rows)),
    ),
  );
}

function eventLink(event: TraceEvent | undefined, run: number, position: number): string {
  if (event === undefined) return element('span', { class: 'muted' }, 'the run has ended');
  const text = `${timeText(event.atUs)} ${event.node} ${eventText(flatDetail(event.detail))}`;
  const link = {
    href: `#event=${event.index}&run=${run + 1}`,
    'data-in-run': run,
    'data-run-event': position,
  };
  return element('a', link, escape(text));
}
