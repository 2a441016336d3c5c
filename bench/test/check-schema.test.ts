import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { reportOf, soundCanaries } from './check-reports.ts';

const schema = JSON.parse(
  readFileSync(new URL('../schema/quorate-bench-check-1.json', import.meta.url), 'utf8'),
) as object;
const validate = new Ajv({ allErrors: true, strictTypes: false }).compile(schema);

/** As it is read from a file. */
const report = JSON.parse(
  JSON.stringify(
    await reportOf(
      [
        ...soundCanaries,
        {
          name: 'ring/lookup',
          about: 'of keys',
          params: { nodes: 100, mode: 'hot' },
          change: 0.06,
          bytes: { base: 12 },
          collections: { base: 1e-5 },
          presence: 'new',
        },
        { name: 'ring/memory', unit: 'bytes', base: 0 },
        { name: 'threads/lock', threads: 2, counts: { retries: { base: 0.5 } } },
        { name: 'threads/queue', latency: { base: 5000 } },
        { name: 'threads/mutex', threads: 2, neverOverlaps: true },
        { name: 'core/failed', throws: { arm: 'head', message: 'It broke' } },
        { name: 'core/incomparable', throws: { arm: 'base', message: 'No such function' } },
      ],
      {
        gone: ['ring/old'],
        leftOut: [{ name: 'ring/build', why: 'it is slow' }],
        notes: ['A note'],
        head: { commit: null, dirty: null },
      },
    ),
  ),
) as Record<string, unknown>;

/** Where names are the data's own. */
const free = new Set(['params', 'values', 'counts']);
/** What need not be there. */
const optional = new Set(['about', 'canary', 'why', 'chunks', 'windows', 'openLoop', 'counts', 'riseOnly']);

/** Calls `visit` for each object of fixed properties, one of a kind: with the path to it, array places left out. */
function eachObject(
  value: unknown,
  path: string,
  visit: (object: Record<string, unknown>, path: string) => void,
) {
  if (Array.isArray(value)) for (const item of value) eachObject(item, path, visit);
  else if (typeof value === 'object' && value !== null && !free.has(path.split('.').at(-1) ?? '')) {
    visit(value as Record<string, unknown>, path);
    for (const [name, child] of Object.entries(value)) eachObject(child, `${path}.${name}`, visit);
  }
}

describe('schema of the check', () => {
  it('fits a report with all that can be in one', () => {
    expect(validate(report), JSON.stringify(validate.errors)).toBe(true);
    const paths = new Set<string>();
    eachObject(report, '', (_, path) => paths.add(path));
    expect([...paths].sort()).toEqual(
      [
        '',
        '.base',
        '.env',
        '.env.keys',
        '.head',
        '.leftOut',
        '.outcome',
        '.outcome.canaries',
        '.subjects',
        '.subjects.guards',
        '.subjects.metrics',
        '.subjects.metrics.estimate',
        '.subjects.metrics.rule',
        '.subjects.pairs',
        ...['base', 'head'].flatMap(arm =>
          ['', '.openLoop', '.openLoop.corrected', '.openLoop.raw', '.windows'].map(
            part => `.subjects.pairs.${arm}${part}`,
          ),
        ),
        '.subjects.work',
      ].sort(),
    );
  });

  it('lets nothing more in anywhere, and misses whatever is not there', () => {
    eachObject(report, '', (object, path) => {
      object['more'] = 1;
      expect(validate(report), `${path}.more`).toBe(false);
      delete object['more'];
      for (const [name, value] of Object.entries(object).filter(([key]) => !optional.has(key))) {
        delete object[name];
        expect(validate(report), `${path} without ${name}`).toBe(false);
        object[name] = value;
      }
    });
    expect(validate(report)).toBe(true);
  });

  it.each([
    [
      'a verdict without its exit code',
      { outcome: { verdict: 'ok', exitCode: 1, why: ['x'], canaries: [] } },
    ],
    ['no reason for the outcome', { outcome: { verdict: 'ok', exitCode: 0, why: [], canaries: [] } }],
    ['a short commit', { base: { ref: 'main', commit: 'abc' } }],
    ['a subject that is not compared without why', changed('core/failed', { why: undefined })],
    ['a subject that is compared with why', changed('ring/lookup', { why: 'x' })],
    ['a subject that is compared without pairs', changed('ring/lookup', { pairs: [] })],
    ['a number that JSON has no word for', changed('ring/lookup', { threads: Infinity })],
  ])('refuses %s', (_, part) => {
    expect(validate(JSON.parse(JSON.stringify({ ...report, ...part })))).toBe(false);
  });
});

function changed(name: string, part: object): object {
  const subjects = report['subjects'] as { suite: string; bench: string }[];
  return {
    subjects: subjects.map(subject =>
      `${subject.suite}/${subject.bench}` === name ? { ...subject, ...part } : subject,
    ),
  };
}
