import type { RunResult } from '../run-result.ts';
import { element, escape } from './markup.ts';
import type { PageData } from './page-data.ts';

/** The drawing with its controls, the details and the list: empty, for the script to fill. */
export function pageStage(result: RunResult, compare: RunResult | undefined, data: PageData): string {
  return element(
    'main',
    {},
    element(
      'section',
      { class: 'card stage', 'aria-label': 'Lanes over simulated time' },
      bar(data),
      filters(),
      element('canvas', { id: 'overview', 'aria-hidden': 'true' }),
      element('canvas', { id: 'axis', 'aria-hidden': 'true' }),
      element('div', { id: 'scroller' }, lanes(result)),
      element('div', { class: 'foot' }, element('div', { id: 'note', role: 'status' }), legend(), keys()),
    ),
    element(
      'aside',
      { 'aria-label': 'Events' },
      element(
        'section',
        {
          id: 'details',
          class: 'card',
          tabindex: 0,
          'aria-live': 'polite',
          'aria-label': 'The selected event',
        },
        element(
          'p',
          { class: 'muted' },
          'Select an event, a message, an operation or a fault to see what is known of it.',
        ),
      ),
      element('section', { class: 'card events' }, listTitle(compare), list()),
    ),
  );
}

function bar({ runs, divergence }: PageData): string {
  const button = (action: string, text: string, about?: string, className?: string): string =>
    element(
      'button',
      { type: 'button', 'data-do': action, 'aria-label': about, title: about, class: className },
      text,
    );
  return element(
    'div',
    { class: 'bar' },
    runs.some(({ finding }) => finding !== undefined)
      ? button('violation', 'Jump to the violation', undefined, 'strong')
      : '',
    divergence === undefined ? '' : button('divergence', 'Jump to where they part', undefined, 'parts'),
    element(
      'div',
      { class: 'group' },
      button('closer', '+', 'Zoom in'),
      button('further', '−', 'Zoom out'),
      button('all', 'All', 'Show the whole run'),
    ),
    element('input', {
      id: 'search',
      type: 'search',
      placeholder: 'Search events',
      'aria-label': 'Search events',
    }),
  ).replace('</input>', '');
}

function filters(): string {
  return element(
    'details',
    { class: 'filters' },
    element('summary', {}, 'Filters'),
    element('div', { id: 'kinds', class: 'toggles', role: 'group', 'aria-label': 'Kinds of events' }),
    element('div', { id: 'nodes', class: 'toggles', role: 'group', 'aria-label': 'Nodes and clients' }),
  );
}

function lanes({ scenario, seed }: RunResult): string {
  const about = `Lanes of ${scenario}, seed ${seed}, over simulated time. The arrow keys go from event to event; the list and the table have the same events.`;
  return element('canvas', { id: 'lanes', tabindex: 0, role: 'img', 'aria-label': about });
}

function listTitle(compare: RunResult | undefined): string {
  const choice = (action: string, run: number, name: string): string =>
    element(
      'button',
      { type: 'button', 'data-do': action, 'data-run': run, 'aria-pressed': String(run === 0) },
      name,
    );
  return element(
    'h2',
    {},
    'Events',
    element('span', { class: 'muted', id: 'count' }),
    compare === undefined
      ? ''
      : element('span', { class: 'group end' }, choice('first', 0, 'A'), choice('second', 1, 'B')),
  );
}

function list(): string {
  return element('div', { id: 'list', role: 'listbox', tabindex: 0, 'aria-label': 'Events' });
}

function legend(): string {
  const line = (className: string, shapes: string, name: string): string =>
    element(
      'li',
      { class: className },
      `<svg viewBox="0 0 22 12" aria-hidden="true">${shapes}</svg>`,
      escape(name),
    );
  const arrow = (dash: string): string =>
    `<path class="hollow" d="M0 6H17" stroke-dasharray="${dash}"/><path d="M21 6l-6 -3v6z"/>`;
  return element(
    'ul',
    { class: 'legend', 'aria-label': 'Legend' },
    line('g-messages', arrow(''), 'message'),
    line('g-again', arrow('4 2'), 'repeated'),
    line(
      'g-odd',
      '<path class="hollow" d="M0 6H15" stroke-dasharray="2 2"/><path class="hollow" d="M21 6l-6 -3v6z"/>',
      'corrupted',
    ),
    line('g-lost', '<path class="hollow" d="M0 6H15M12 3l6 6M18 3l-6 6"/>', 'lost, or a crash'),
    line('g-operations', '<rect x="1" y="2" width="20" height="8" rx="3" fill-opacity="0.2"/>', 'operation'),
    line('g-ink', '<circle cx="11" cy="6" r="3.5"/>', 'took effect'),
    line('g-facts', '<path d="M11 1l5 5l-5 5l-5 -5z"/>', 'fact'),
    line('g-probes', '<path d="M11 1l5 10h-10z"/>', 'probe'),
    line('g-process', '<path d="M7 1l9 5l-9 5z"/>', 'start'),
    line('g-timers', '<path d="M11 2v8"/>', 'timer'),
    line('g-disk', '<rect x="8" y="3" width="6" height="6"/>', 'disk'),
    line('g-clock', '<path class="hollow" d="M11 1l5 5l-5 5l-5 -5z"/>', 'clock'),
  );
}

function keys(): string {
  const key = (names: string, does: string): string =>
    `${names
      .split(' ')
      .map(name => element('kbd', {}, escape(name)))
      .join(' ')} ${does}`;
  const texts = [
    key('← →', 'event of the lane'),
    key('j k', 'event of the list'),
    key('a d', 'pan'),
    key('w s', 'zoom'),
    key('0', 'all'),
    key('c', 'cause'),
    key('v', 'violation'),
    key('/', 'search'),
  ];
  return element('p', { class: 'keys' }, texts.join(' &nbsp; '));
}
