import { timeText } from '../src/viewer/event-text.ts';
import type { PageData } from '../src/viewer/page-data.ts';
import { readAddress, writeAddress } from './address.ts';
import { busySpan } from './busy-span.ts';
import { drawAxis } from './draw-axis.ts';
import { drawLanes } from './draw-lanes.ts';
import { drawOverview } from './draw-overview.ts';
import { showDetails } from './event-details.ts';
import { EventList } from './event-list.ts';
import { Filter } from './filter.ts';
import { layOut } from './lane-layout.ts';
import { found } from './make.ts';
import { pick } from './pick.ts';
import { type RunModel, runModel } from './run-model.ts';
import { readPalette, type Scene, sized, type Target } from './scene.ts';
import { View } from './view.ts';

const AXIS_PX = 26;
/** How many events around what is jumped to are in view. */
const BEFORE = 120;
const AFTER = 40;
const BEFORE_CAUSE = 2;

/** The page's state, and what changes it. Draws at most once a frame. */
export class App {
  readonly scene: Scene;
  readonly filter: Filter = new Filter();
  readonly list: EventList;
  readonly #lanes: HTMLCanvasElement = found('lanes', HTMLCanvasElement);
  readonly #axis: HTMLCanvasElement = found('axis', HTMLCanvasElement);
  readonly #overview: HTMLCanvasElement = found('overview', HTMLCanvasElement);
  readonly #tip: HTMLElement = found('tip', HTMLElement);
  #frame = 0;
  #addressTimer = 0;
  #run = 0;

  constructor(data: PageData) {
    const models = data.runs.map(runModel);
    this.scene = {
      models,
      view: new View(Math.max(...data.runs.map(({ endUs }) => endUs))),
      layout: layOut(models, this.filter.hiddenLanes),
      palette: readPalette(),
      selected: undefined,
      hovered: undefined,
      divergence: data.divergence,
    };
    this.list = new EventList(found('list', HTMLElement), event => this.select({ run: this.#run, event }));
    this.showRun(0);
    this.open();
  }

  get run(): number {
    return this.#run;
  }

  /** The run whose events are listed. */
  showRun(run: number): void {
    const model = this.scene.models[run];
    if (model === undefined) return;
    this.#run = run;
    this.list.show(model);
    const [shown, count] = [model.list.length, model.run.count].map(number => number.toLocaleString('en-US'));
    found('count', HTMLElement).textContent =
      shown === count ? `${count} events` : `${shown} of ${count} events`;
  }

  /** Goes where the address says; else where it went wrong; else all of it is in view. */
  open(): void {
    const { target, span } = readAddress(location.hash, this.scene.models);
    if (target !== undefined) this.select(target, false);
    if (span !== undefined) this.scene.view.show(...span);
    else if (target !== undefined) this.jump(target);
    else if (!this.jumpToFinding() && !this.jumpToDivergence()) this.scene.view.fit();
    this.redraw();
  }

  /** Answers whether there is anything to jump to. */
  jumpToFinding(): boolean {
    const run = this.scene.models.findIndex(model => model.run.data.finding !== undefined);
    const event = this.scene.models[run]?.run.data.finding;
    if (event === undefined) return false;
    this.jump({ run, event });
    return true;
  }

  jumpToDivergence(): boolean {
    const event = this.scene.divergence;
    const count = this.scene.models[this.#run]?.run.count ?? 0;
    if (event === undefined || count === 0) return false;
    this.jump({ run: this.#run, event: Math.min(event, count - 1) });
    return true;
  }

  /**
   * Selects an event and shows it with what is around it; of a return, the whole operation. One that comes after a long
   * silence, such as the end of all waiting, has nothing around it: what caused it is shown.
   */
  jump(target: Target): void {
    const model = this.scene.models[target.run];
    if (model === undefined) return;
    const { run, links, spans } = model;
    let [from, to] = busySpan(run, target.event, BEFORE, AFTER);
    const cause = links.causes[target.event] ?? -1;
    const isAlone = from === to && cause >= 0;
    if (isAlone) [from, to] = busySpan(run, cause, BEFORE_CAUSE, AFTER);
    const call = spans.calls.find(({ end }) => end === target.event);
    from = Math.min(from, call?.fromUs ?? Infinity);
    const room = Math.max((to - from) * 0.06, 50);
    this.scene.view.show(from - room, to + (isAlone ? 4 * room : room));
    this.select(target, true, !isAlone);
  }

  select(target: Target, scroll = true, reveal = true): void {
    const model = this.scene.models[target.run];
    if (model === undefined || target.event < 0 || target.event >= model.run.count) return;
    if (target.run !== this.#run) this.showRun(target.run);
    this.scene.selected = target;
    if (reveal) this.scene.view.reveal(model.run.time(target.event));
    // They take room from the list, which then knows how far to scroll.
    showDetails(found('details', HTMLElement), model, target.event);
    this.list.mark(target.event, scroll);
    this.redraw();
  }

  /** Selects what caused the event that is selected. */
  selectCause(): void {
    const { selected, models } = this.scene;
    const event = selected === undefined ? -1 : (models[selected.run]?.links.causes[selected.event] ?? -1);
    if (selected !== undefined && event >= 0) this.select({ run: selected.run, event });
  }

  /** The next or previous event, of all that are shown or of the same lane. */
  step(by: 1 | -1, sameLane: boolean): void {
    const { selected, models, view } = this.scene;
    const model = models[this.#run];
    if (model === undefined) return;
    if (selected === undefined) {
      this.select({ run: this.#run, event: Math.min(model.run.firstAt(view.fromUs), model.run.count - 1) });
      return;
    }
    let event = selected.event + by;
    const lane = model.run.lane(selected.event);
    while (event >= 0 && event < model.run.count) {
      if (model.shown[event] === 1 && (!sameLane || model.run.lane(event) === lane)) break;
      event += by;
    }
    this.select({ run: this.#run, event });
  }

  refilter(): void {
    for (const model of this.scene.models) refilterModel(model, this.filter);
    this.scene.layout = layOut(this.scene.models, this.filter.hiddenLanes);
    this.showRun(this.#run);
    if (this.scene.selected !== undefined) this.list.mark(this.scene.selected.event, true);
    this.redraw();
  }

  hover(x: number, y: number): void {
    const target = pick(this.scene, x, y);
    const before = this.scene.hovered;
    if (before?.event !== target?.event || before?.run !== target?.run) this.redraw();
    this.scene.hovered = target;
    this.#lanes.classList.toggle('pointing', target !== undefined);
    const run = target === undefined ? undefined : this.scene.models[target.run]?.run;
    this.#tip.hidden = run === undefined;
    if (run !== undefined && target !== undefined) {
      const text = `${run.node(target.event)} ${run.text(target.event)}`.trim();
      this.#tip.textContent = `${timeText(run.time(target.event))}: ${text.slice(0, 400)}`;
      const box = this.#lanes.getBoundingClientRect();
      const left = Math.min(
        box.left + x + 14,
        document.documentElement.clientWidth - this.#tip.offsetWidth - 8,
      );
      this.#tip.style.transform = `translate(${Math.max(left, 4)}px, ${box.top + y + 18}px)`;
    }
  }

  leave(): void {
    this.scene.hovered = undefined;
    this.#tip.hidden = true;
    this.redraw();
  }

  click(x: number, y: number): void {
    const target = pick(this.scene, x, y);
    if (target !== undefined) this.select(target);
  }

  redraw(): void {
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#draw());
  }

  #draw(): void {
    this.#frame = 0;
    const { scene } = this;
    const width = this.#lanes.parentElement?.clientWidth ?? 0;
    scene.palette = readPalette();
    scene.view.left = width < 560 ? 78 : 116;
    scene.view.width = Math.max(width - scene.view.left - 10, 40);
    drawAxis(sized(this.#axis, width, AXIS_PX), scene, AXIS_PX);
    const note = drawLanes(sized(this.#lanes, width, scene.layout.height), scene, width);
    const tall = scene.models.length * 44;
    drawOverview(sized(this.#overview, width, tall), scene, width, tall);
    found('note', HTMLElement).textContent = note;
    this.#rememberAddress();
  }

  /** Soon, and once: browsers refuse an address that changes a hundred times a second. */
  #rememberAddress(): void {
    clearTimeout(this.#addressTimer);
    this.#addressTimer = window.setTimeout(() => {
      const { view, models, selected } = this.scene;
      history.replaceState(null, '', writeAddress(view, models, selected));
    }, 250);
  }
}

function refilterModel(model: RunModel, filter: Filter): void {
  model.shown = filter.shown(model.run);
  const list = new Uint32Array(model.shown.reduce((sum, shown) => sum + shown, 0));
  let place = 0;
  for (const [event, shown] of model.shown.entries()) if (shown === 1) list[place++] = event;
  model.list = list;
}
