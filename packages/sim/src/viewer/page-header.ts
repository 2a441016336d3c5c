import type { RunResult } from '../run-result.ts';
import { element, escape } from './markup.ts';
import { valueText } from './value-text.ts';

/** What ran, how it ended, and how to run it again. */
export function pageHeader(result: RunResult, replayLine?: string): string {
  const { finding } = result;
  return element(
    'header',
    {},
    element(
      'div',
      { class: 'title' },
      element('h1', {}, escape(result.scenario)),
      element('span', { class: `verdict v-${result.verdict}` }, result.verdict),
      element('button', { type: 'button', 'data-do': 'theme', class: 'end' }, 'Light / dark'),
    ),
    factList(result),
    finding === undefined ? '' : findingText(finding),
    result.error === undefined ? '' : element('pre', {}, escape(errorText(result.error))),
    replayLine === undefined
      ? ''
      : element(
          'div',
          { class: 'replay' },
          element('code', { id: 'replay' }, escape(replayLine)),
          element('button', { type: 'button', 'data-do': 'copy' }, 'Copy'),
        ),
  );
}

function factList(result: RunResult): string {
  const facts: Readonly<Record<string, string>> = {
    seed: String(result.seed),
    'trace hash': result.traceHash,
    events: eventsText(result),
    simulated: `${(result.simulatedMs / 1000).toLocaleString('en-US')} s`,
    operations: result.history.length.toLocaleString('en-US'),
    ...(result.swarm === undefined || result.swarm.length === 0 ? {} : { faults: result.swarm.join(', ') }),
    ...(result.probes.length === 0 ? {} : { reached: result.probes.join(', ') }),
  };
  const items = Object.entries(facts).map(([name, value]) =>
    element('div', {}, element('dt', {}, name), element('dd', {}, escape(value))),
  );
  return element('dl', { class: 'facts' }, ...items);
}

/** Some events are several records of the trace. */
function eventsText({ events, trace = [] }: RunResult): string {
  const [count, recorded] = [events, trace.length].map(number => number.toLocaleString('en-US'));
  return count === recorded ? `${count}` : `${count}, ${recorded} records`;
}

function findingText(finding: NonNullable<RunResult['finding']>): string {
  const text = element(
    'p',
    { class: 'finding-text' },
    element('b', {}, escape(finding.rule)),
    escape(`: ${finding.message}`),
  );
  if (finding.details === undefined) return text;
  const details = element('pre', {}, escape(valueText(finding.details)));
  return text + element('details', {}, element('summary', {}, 'What shows it'), details);
}

function errorText(error: unknown): string {
  return error instanceof Error ? (error.stack ?? String(error)) : valueText(error);
}
