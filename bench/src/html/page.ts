import type { Environment, Report } from '../report/report.ts';
import { renderGoals } from './goals.ts';
import { element, escape } from './markup.ts';
import { script, style } from './style.ts';
import { renderSuite } from './suite-section.ts';

/** The report as one page that needs nothing else: style, plots and the one script are in it. */
export function renderPage(report: Report): string {
  const links = report.suites.map(({ name }) => element('a', { href: `#${name}` }, escape(name)));
  const body = element(
    'main',
    {},
    element(
      'header',
      {},
      element('h1', {}, 'Quorate benchmarks'),
      element('button', { type: 'button' }, 'Light / dark'),
    ),
    element('nav', {}, ...links),
    environment(report.env),
    renderGoals(report),
    ...report.suites.map(renderSuite),
    howToRead(report.env),
  );
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<title>Quorate benchmarks</title>',
    `<style>${style}</style>`,
    '</head>',
    `<body>${body}<script>${script}</script></body>`,
    '</html>',
    '',
  ].join('\n');
}

function environment(env: Environment): string {
  const { keys } = env;
  const dirty = env.dirty === true ? ' with changes' : '';
  const facts: Record<string, string> = {
    when: `${env.startedAt.slice(0, 16).replace('T', ' ')} UTC, ${Math.round(env.durationMs / 1000)} s`,
    commit: env.commit === null ? 'unknown' : `${env.commit.slice(0, 10)}${dirty}`,
    profile: `${env.profile}, ${env.rounds} processes a row`,
    seed: String(env.seed),
    processor: `${env.cpu}, ${env.cores} cores`,
    memory: `${(env.memoryBytes / 2 ** 30).toFixed(1)} GiB`,
    load: env.load.map(load => load.toFixed(2)).join(' to '),
    node: `${env.node}, V8 ${env.v8}`,
    system: env.os,
    keys: `${keys.count.toLocaleString('en-US')} from ${keys.source}, ${keys.bytes.least} to ${keys.bytes.most} bytes`,
  };
  const list = Object.entries(facts).map(([name, value]) =>
    element('div', {}, element('dt', {}, name), element('dd', {}, escape(value))),
  );
  return element('section', { class: 'card' }, element('dl', { class: 'facts' }, ...list));
}

function howToRead(env: Environment): string {
  const lines = [
    'Every point is a process of its own: one contender of one bench on a fresh worker pool. Within a bench all contenders run in rounds, in an order drawn anew for each.',
    'Bars show the median over processes and a 95 % bootstrap interval of it. Ratios pair the processes of a round: time of the first divided by time of the second. A goal is met or missed where the whole interval lies on one side of it.',
    `Statistics: ${env.statistics}.`,
  ];
  return element(
    'section',
    { class: 'card' },
    element('h2', {}, 'How to read this'),
    ...lines.map(text => element('p', { class: 'muted' }, escape(text))),
  );
}
