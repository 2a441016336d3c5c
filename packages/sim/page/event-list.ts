import { timeText } from '../src/viewer/event-text.ts';
import { groupOf } from './kind-group.ts';
import { make } from './make.ts';
import type { RunModel } from './run-model.ts';

const ROW_PX = 26;
/** Rows beyond the edges that are there before they are scrolled to. */
const MARGIN_ROWS = 6;

/** The events of a run that are shown, as a list of which only the rows in view exist. */
export class EventList {
  readonly #box: HTMLElement;
  readonly #rows: HTMLElement;
  readonly #select: (event: number) => void;
  #model: RunModel | undefined;
  #selected = -1;

  constructor(box: HTMLElement, select: (event: number) => void) {
    this.#box = box;
    this.#select = select;
    this.#rows = make('div', 'rows');
    box.append(this.#rows);
    box.addEventListener('scroll', () => this.#draw(), { passive: true });
    box.addEventListener('click', ({ target }) => {
      const row = target instanceof Element ? target.closest<HTMLElement>('[data-event]') : null;
      if (row !== null) select(Number(row.dataset['event']));
    });
    box.addEventListener('keydown', event => this.#key(event));
    new ResizeObserver(() => this.#draw()).observe(box);
  }

  /** Shows a run's list, after it or the filters changed. */
  show(model: RunModel): void {
    this.#model = model;
    this.#rows.style.height = `${model.list.length * ROW_PX}px`;
    this.#draw();
  }

  /** Marks an event and scrolls to it, or to where it would be if the filters showed it. */
  mark(event: number, scroll: boolean): void {
    this.#selected = event;
    const place = this.#place(event);
    const top = place * ROW_PX;
    const { scrollTop, clientHeight } = this.#box;
    if (scroll && (top < scrollTop + ROW_PX || top > scrollTop + clientHeight - 2 * ROW_PX)) {
      this.#box.scrollTop = top - clientHeight / 2 + ROW_PX / 2;
    }
    this.#draw();
  }

  /** The event that is `by` rows away from the one that is marked. */
  neighbour(by: number): number | undefined {
    const list = this.#model?.list;
    if (list === undefined || list.length === 0) return undefined;
    const place = this.#place(this.#selected);
    const hidden = list[place] !== this.#selected;
    const next = place + by - (hidden && by > 0 ? 1 : 0);
    return list[Math.min(Math.max(next, 0), list.length - 1)];
  }

  /** Place of the first event that is not before this one. */
  #place(event: number): number {
    const list = this.#model?.list ?? new Uint32Array();
    let [low, high] = [0, list.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((list[middle] ?? 0) < event) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #key(event: KeyboardEvent): void {
    const page = Math.max(Math.floor(this.#box.clientHeight / ROW_PX) - 1, 1);
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: page,
      PageUp: -page,
      Home: -Infinity,
      End: Infinity,
    };
    const by = steps[event.key];
    if (by === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    const next = this.neighbour(by);
    if (next !== undefined) this.#select(next);
  }

  #draw(): void {
    const model = this.#model;
    if (model === undefined) return;
    const { scrollTop, clientHeight } = this.#box;
    const first = Math.max(Math.floor(scrollTop / ROW_PX) - MARGIN_ROWS, 0);
    const last = Math.min(Math.ceil((scrollTop + clientHeight) / ROW_PX) + MARGIN_ROWS, model.list.length);
    const rows: HTMLElement[] = [];
    for (let place = first; place < last; place++) rows.push(this.#row(model, place));
    this.#rows.replaceChildren(...rows);
    const marked = rows.some(row => row.id === `row-${this.#selected}`);
    if (marked) this.#box.setAttribute('aria-activedescendant', `row-${this.#selected}`);
    else this.#box.removeAttribute('aria-activedescendant');
  }

  #row({ run, list }: RunModel, place: number): HTMLElement {
    const event = list[place] ?? 0;
    const row = make(
      'div',
      `event g-${groupOf(run.type(event))}`,
      make('span', 'at', timeText(run.time(event))),
      make('span', 'who', run.node(event)),
      make('span', 'what', run.text(event)),
    );
    row.id = `row-${event}`;
    row.dataset['event'] = String(event);
    row.style.top = `${place * ROW_PX}px`;
    row.role = 'option';
    row.ariaSelected = String(event === this.#selected);
    row.ariaSetSize = String(list.length);
    row.ariaPosInSet = String(place + 1);
    if (event === run.data.finding) row.classList.add('finding');
    return row;
  }
}
