import { timeText } from '../src/viewer/event-text.ts';
import { groupOf } from './kind-group.ts';
import { make } from './make.ts';
import { effectsOf, type RunModel } from './run-model.ts';

const EFFECTS_MAX = 12;

/** All that is known of an event: its fields, what caused it, and what it led to, as links to these. */
export function showDetails(box: HTMLElement, model: RunModel, event: number): void {
  const { run, links } = model;
  const fields = make('dl', 'fields');
  const field = (name: string, ...value: (Node | string)[]): void => {
    fields.append(make('div', '', make('dt', '', name), make('dd', '', ...value)));
  };
  field('event', String(run.number(event)));
  field('at', timeText(run.time(event)));
  field('where', run.node(event) || 'the world');
  for (const [name, value] of Object.entries(run.detail(event))) {
    if (name !== 'type') field(name, Array.isArray(value) ? value.join(', ') : String(value));
  }
  const call = model.spans.calls.find(span => span.event === event || span.end === event);
  if (call !== undefined) {
    if (call.event === event)
      field(call.open ? 'stays open' : call.refused ? 'fails' : 'returns', call.outcome);
    else field('input', call.input);
    if (call.point !== undefined) field('takes effect', timeText(call.point));
    if (call.misfit) field('does not fit', 'no order of the operations explains this one');
  }
  const fate = fateOf(model, event);
  if (fate !== undefined) field('travelled', fate);
  const cause = links.causes[event] ?? -1;
  const effects = effectsOf(model, event);
  box.replaceChildren(
    make('h2', '', make('span', `chip g-${groupOf(run.type(event))}`, run.type(event)), run.text(event)),
    fields,
    make('h3', '', 'Because of'),
    cause < 0 ? make('p', 'muted', 'Nothing that is recorded.') : eventLinks(model, [cause]),
    make('h3', '', effects.length === 0 ? 'Led to' : `Led to ${effects.length.toLocaleString('en-US')}`),
    effects.length === 0
      ? make('p', 'muted', 'Nothing that is recorded.')
      : eventLinks(model, effects.slice(0, EFFECTS_MAX)),
  );
  if (effects.length > EFFECTS_MAX) {
    box.append(make('p', 'muted', `and ${effects.length - EFFECTS_MAX} more, in the list below`));
  }
}

function eventLinks({ run }: RunModel, events: readonly number[]): HTMLElement {
  return make(
    'ul',
    'links',
    ...events.map(event => {
      const link = make('a', `g-${groupOf(run.type(event))}`, `${run.node(event)} ${run.text(event)}`.trim());
      link.href = `#event=${run.number(event)}`;
      link.dataset['event'] = String(event);
      return make('li', '', link, make('span', 'muted', ` ${timeText(run.time(event))}`));
    }),
  );
}

/** How long a message was on its way, once for each delivery. */
function fateOf({ links }: RunModel, event: number): string | undefined {
  const arrows = links.arrows.filter(({ send, end }) => send === event || end === event);
  if (arrows.length === 0) return undefined;
  return arrows
    .map(({ fate, fromUs, toUs }) =>
      fate === 'pending'
        ? 'has not arrived'
        : `${fate} after ${((toUs - fromUs) / 1000).toLocaleString('en-US')} ms`,
    )
    .join('; ');
}
