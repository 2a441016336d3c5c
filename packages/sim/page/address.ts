import type { RunModel } from './run-model.ts';
import type { Target } from './scene.ts';
import type { View } from './view.ts';

/** What a link to the page can name: `#event=12&run=2&from=1000&to=2000`, the times in microseconds. */
export interface Place {
  readonly target?: Target;
  readonly span?: readonly [fromUs: number, toUs: number];
}

/** Reads an address; whatever it does not say, or says of events that are not there, is left out. */
export function readAddress(hash: string, models: readonly RunModel[]): Place {
  const values = new URLSearchParams(hash.replace(/^#/, ''));
  const number = (name: string): number => Number(values.get(name) ?? Number.NaN);
  const [from, to, wanted] = [number('from'), number('to'), number('event')];
  const index = values.get('run') === '2' ? 1 : 0;
  const run = models[index]?.run;
  const event = run === undefined ? -1 : positionOf(wanted, run.data.index, run.count);
  return {
    ...(event < 0 ? {} : { target: { run: index, event } }),
    ...(from < to ? { span: [from, to] as const } : {}),
  };
}

export function writeAddress({ fromUs, toUs }: View, models: readonly RunModel[], target?: Target): string {
  const event = target === undefined ? undefined : models[target.run]?.run.number(target.event);
  const parts = [
    ...(event === undefined ? [] : [`event=${event}`]),
    ...(target?.run === 1 ? ['run=2'] : []),
    `from=${Math.round(fromUs)}`,
    `to=${Math.round(toUs)}`,
  ];
  return `#${parts.join('&')}`;
}

function positionOf(number: number, index: readonly number[] | undefined, count: number): number {
  if (index !== undefined) return index.indexOf(number);
  return Number.isInteger(number) && number >= 0 && number < count ? number : -1;
}
