import type { PageData } from '../src/viewer/page-data.ts';
import { App } from './app.ts';
import { showFilters } from './filter-controls.ts';
import { listenToKeys, zoomAround } from './keys.ts';
import { found } from './make.ts';
import { listenToOverview, listenToPointers } from './pointers.ts';

/** Brings the page to life. */
function start(): void {
  const data = JSON.parse(found('data', HTMLElement).textContent) as PageData;
  const app = new App(data);
  const { scene } = app;
  const scroller = found('scroller', HTMLElement);
  const moved = (): void => app.redraw();
  showFilters(app.filter, scene.models, () => app.refilter());
  listenToKeys(app, found('search', HTMLInputElement));
  listenToOverview(found('overview', HTMLCanvasElement), scene.view, moved);
  listenToPointers(found('lanes', HTMLCanvasElement), {
    view: scene.view,
    moved,
    hover: (x, y) => app.hover(x, y),
    leave: () => app.leave(),
    click: (x, y) => app.click(x, y),
    scrollBy: pixels => scroller.scrollBy(0, pixels),
  });
  listenToButtons(app);
  found('details', HTMLElement).addEventListener('click', event => {
    const link = event.target instanceof Element ? event.target.closest<HTMLElement>('a[data-event]') : null;
    if (link === null) return;
    event.preventDefault();
    app.select({ run: app.run, event: Number(link.dataset['event']) });
  });
  addEventListener('hashchange', () => app.open());
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', moved);
  new ResizeObserver(moved).observe(scroller);
}

function listenToButtons(app: App): void {
  const { view } = app.scene;
  const actions: Readonly<Record<string, (button: HTMLElement) => void>> = {
    violation: () => app.jumpToFinding(),
    divergence: () => app.jumpToDivergence(),
    closer: () => zoomAround(app, 0.6),
    further: () => zoomAround(app, 1 / 0.6),
    all: () => {
      view.fit();
      app.redraw();
    },
    theme: () => {
      const root = document.documentElement;
      const theme = root.dataset['theme'];
      const dark =
        theme === undefined ? matchMedia('(prefers-color-scheme: dark)').matches : theme === 'dark';
      root.dataset['theme'] = dark ? 'light' : 'dark';
      app.redraw();
    },
    copy: button => copyReplay(button),
    first: () => app.showRun(0),
    second: () => app.showRun(1),
  };
  document.addEventListener('click', ({ target }) => {
    const button = target instanceof Element ? target.closest<HTMLElement>('[data-do]') : null;
    if (button === null) return;
    actions[button.dataset['do'] ?? '']?.(button);
    for (const other of document.querySelectorAll<HTMLElement>('[data-run]')) {
      other.ariaPressed = String(other.dataset['run'] === String(app.run));
    }
  });
  for (const row of document.querySelectorAll<HTMLElement>('a[data-run-event]')) {
    row.addEventListener('click', event => {
      event.preventDefault();
      app.jump({ run: Number(row.dataset['inRun']), event: Number(row.dataset['runEvent']) });
    });
  }
}

/** Copies the replay line, or selects it where a page may not copy. */
function copyReplay(button: HTMLElement): void {
  const line = found('replay', HTMLElement);
  const select = (): void => getSelection()?.selectAllChildren(line);
  if (navigator.clipboard === undefined) {
    select();
    return;
  }
  navigator.clipboard.writeText(line.textContent).then(() => {
    button.textContent = 'Copied';
  }, select);
}

start();
