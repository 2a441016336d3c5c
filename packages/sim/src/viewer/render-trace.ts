import type { LinearizabilityResult } from '../linearizability/result.ts';
import type { RunResult } from '../run-result.ts';
import { element, escape, scriptJson } from './markup.ts';
import { pageStyle, pageScript, scriptDigest, styleDigest } from './page.gen.ts';
import { pageDataOf } from './page-data-of.ts';
import { pageHeader } from './page-header.ts';
import { pageStage } from './page-stage.ts';
import { partingTable, eventsTable } from './page-tables.ts';

export interface RenderTraceOptions {
  /** The line that replays the run, to be shown and copied. */
  readonly replayLine?: string;
  /**
   * What the checker found about the history: operations get the points at which they took effect. By default, what a
   * finding of that check carries along.
   */
  readonly linearization?: LinearizabilityResult<unknown>;
  /** Another run to stand beside it, such as a passing neighbour or a second run of the same seed. */
  readonly compare?: RunResult;
}

/**
 * Shows a recorded run as one HTML page: a lane for each node and client, messages, faults, operations and whatever the
 * programs said. The page needs nothing else, asks for nothing, and works from a file; it opens at what went wrong.
 *
 * @throws TypeError where a run was made without `record`
 */
export function renderTrace(result: RunResult, options: RenderTraceOptions = {}): string {
  const data = pageDataOf(result, options.linearization, options.compare);
  const policy = `default-src 'none'; script-src '${scriptDigest}'; style-src '${styleDigest}'; base-uri 'none'; form-action 'none'`;
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escape(`${result.scenario}, seed ${result.seed}: ${result.verdict}`)}</title>`,
    `<style>${pageStyle}</style>`,
    '</head>',
    '<body>',
    pageHeader(result, options.replayLine),
    options.compare === undefined
      ? ''
      : element('div', { class: 'compared' }, partingTable(result, options.compare, data.divergence)),
    pageStage(result, options.compare, data),
    element('div', { class: 'below' }, eventsTable(result, data.runs[0]?.finding)),
    element('div', { id: 'tip', hidden: '' }),
    `<script type="application/json" id="data">${scriptJson(data)}</script>`,
    `<script type="module">${pageScript}</script>`,
    '</body>',
    '</html>',
    '',
  ].join('\n');
}
