import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CheckReport, SubjectReport } from '../src/check/check-report.ts';
import { renderCheckMarkdown } from '../src/check/report/check-markdown.ts';
import { markdownCode, markdownText } from '../src/check/report/markdown-text.ts';
import { reportOf, soundCanaries } from './check-reports.ts';

const hostile = '<img src=x> | `a` [b](c) **@quorate/x** #12 $y$';
const report = await reportOf(
  [
    ...soundCanaries,
    { name: 'ring/lookup', params: { nodes: 100 }, base: 60, change: 0.06, noise: 0.001 },
    { name: `ring/${hostile}`, base: 50, noise: 0 },
    { name: 'core/varint', throws: { arm: 'base', message: `${hostile}\n</details>\n| x |` } },
  ],
  { gone: [hostile], leftOut: [{ name: 'ring/moves', why: hostile }], notes: [hostile] },
);
const markdown = renderCheckMarkdown(report);
const commentCharsMax = 65_536;

function decoded(text: string): string {
  return text
    .replaceAll('&#8203;', '')
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)));
}

describe('renderCheckMarkdown', () => {
  it('begins with the answer, then a table of what moved alone', () => {
    expect(markdown).toMatch(/^### ❌ Benchmarks: regression\n\n- ring\/lookup .*, time: \+[56]/);
    const visible = markdown.slice(0, markdown.indexOf('<details>'));
    expect(visible).toContain('1 regression, 1 incomparable, 1 unchanged; 2 of 2 canaries passed.');
    const rows = visible.split('\n').filter(line => line.startsWith('| '));
    expect(rows).toHaveLength(2);
    expect(rows[1]).toMatch(
      /^\| 🔴 regression \| <code>ring\/lookup · .* · nodes=100<\/code> \| time \| 60\.\d ns \| 63\.\d ns \| \*\*\+[56]\.\d %\*\* \| \+.* % to \+.* % \| 16 fresh pairs \|$/,
    );
  });

  it('folds the rest away', () => {
    const titles = [...markdown.matchAll(/<details><summary>(.*)<\/summary>\n\n/g)].map(([, title]) => title);
    expect(titles).toEqual([
      '1 unchanged',
      '1 not compared, 1 gone, 1 left out, 1 note',
      'Canaries, machine and method',
    ]);
    expect(markdown.match(/\n\n<\/details>/g)).toHaveLength(3);
  });

  it('lets nothing in names and messages be markup', () => {
    expect(markdown).not.toContain('<img');
    expect(markdown).not.toContain('@quorate');
    expect(markdown).not.toContain('[b]');
    expect(markdown).not.toContain('`');
    for (const row of markdown.split('\n').filter(line => line.startsWith('| '))) {
      expect(row.match(/\|/g)).toHaveLength(9);
    }
    expect(decoded(markdown)).toContain(
      `incomparable: <code>core/varint · @quorate/ring</code>: Base cannot run it: ${hostile} </details> | x |\n`,
    );
  });

  it('fits into a comment, whatever is in the report, and counts what had no room', () => {
    const many = (subject: SubjectReport): SubjectReport[] =>
      Array.from({ length: 300 }, (_, index) => ({ ...subject, name: `${index} ${hostile.repeat(20)}` }));
    const large: CheckReport = {
      ...report,
      subjects: report.subjects.flatMap(many),
      gone: report.subjects.flatMap(many).map(({ name }) => name),
      outcome: { ...report.outcome, why: Array.from({ length: 300 }, () => hostile.repeat(20)) },
    };
    const text = renderCheckMarkdown(large);
    expect(text.length).toBeLessThan(commentCharsMax);
    expect(text.match(/and \d+ more/g)).toHaveLength(4);
    expect(text.match(/<details>/g)).toHaveLength(3);
    expect(text.match(/<\/details>/g)).toHaveLength(3);
  });

  it('bears a report with nothing in it', async () => {
    const empty = renderCheckMarkdown(await reportOf([]));
    expect(empty).toMatch(
      /^### ⚠️ Benchmarks: inconclusive\n\n- Nothing could be compared\n\nnothing to compare;/,
    );
    expect(empty).not.toMatch(/undefined|NaN|\| what/);
  });
});

describe('markdownText', () => {
  it('keeps all that it is given readable, and none of it markup', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), text => {
        const line = text.trim().replace(/\s+/g, ' ').replaceAll('\u200b', '');
        for (const encode of [markdownText, markdownCode]) {
          const encoded = encode(text).replace(/^<code>|<\/code>$/g, '');
          expect(decoded(encoded)).toBe(line);
          expect(encoded.replace(/&#\d+;/g, '')).not.toMatch(/[&<>"'|`*_~[\]\\#@$!\n]|:\/\/|^[-+=]|^\d+[.)]/);
        }
      }),
    );
  });

  it('parts signs from names, so that nobody is notified, and cuts what is too long', () => {
    expect(markdownText('@quorate/ring #1')).toBe('&#64;&#8203;quorate/ring &#35;&#8203;1');
    expect(markdownText('see https://a.b, www.a.b')).toBe('see https&#58;//a.b, www&#46;a.b');
    expect(markdownText('x'.repeat(1000))).toBe(`${'x'.repeat(299)}…`);
  });
});
