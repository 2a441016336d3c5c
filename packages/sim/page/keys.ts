import type { App } from './app.ts';

/** The keyboard, wherever on the page nothing is typed into. */
export function listenToKeys(app: App, search: HTMLInputElement): void {
  document.addEventListener('keydown', event => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target === search) {
      if (event.key === 'Escape') search.blur();
      return;
    }
    if (event.target instanceof HTMLInputElement && event.key === ' ') return;
    const action = actionOf(app, search, event.key, event.shiftKey);
    if (action === undefined) return;
    event.preventDefault();
    action();
  });
}

function actionOf(app: App, search: HTMLInputElement, key: string, shift: boolean): (() => void) | undefined {
  const { view } = app.scene;
  const pan = (share: number) => (): void => {
    view.pan(view.spanUs * share);
    app.redraw();
  };
  const zoom = (factor: number) => (): void => {
    zoomAround(app, factor);
  };
  if (key === 'ArrowLeft') return shift ? pan(-0.2) : () => app.step(-1, true);
  if (key === 'ArrowRight') return shift ? pan(0.2) : () => app.step(1, true);
  const actions: Readonly<Record<string, () => void>> = {
    j: () => app.step(1, false),
    k: () => app.step(-1, false),
    a: pan(-0.2),
    d: pan(0.2),
    w: zoom(0.7),
    s: zoom(1 / 0.7),
    '+': zoom(0.7),
    '=': zoom(0.7),
    '-': zoom(1 / 0.7),
    '0': () => {
      view.fit();
      app.redraw();
    },
    c: () => app.selectCause(),
    v: () => app.jumpToFinding(),
    x: () => app.jumpToDivergence(),
    '/': () => search.focus(),
  };
  return actions[key];
}

/** Around what is selected, where that is in view; else around the middle. */
export function zoomAround(app: App, factor: number): void {
  const { view, selected, models } = app.scene;
  const at = selected === undefined ? undefined : models[selected.run]?.run.time(selected.event);
  const inView = at !== undefined && at >= view.fromUs && at <= view.toUs;
  view.zoom(factor, inView ? at : (view.fromUs + view.toUs) / 2);
  app.redraw();
}
