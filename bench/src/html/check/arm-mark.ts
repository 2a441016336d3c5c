import type { Arm, PairRow } from '../../check/check-report.ts';
import { element } from '../markup.ts';

const circle = 'M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0Z';
const square = 'M-3.8 -3.8H3.8V3.8H-3.8Z';

/** A pair: round where base ran first, square where head did; hollow in the screening, filled in the confirmation. */
export function pairMark({ stage, first }: Pick<PairRow, 'stage' | 'first'>): string {
  const hollow = stage === 'screen' ? ' hollow' : '';
  return element('path', { d: first === 'base' ? circle : square, class: `pair${hollow}` });
}

/** A process of a build. */
export function armMark(arm: Arm): string {
  return element('path', { d: circle, class: `arm a-${arm}` });
}
