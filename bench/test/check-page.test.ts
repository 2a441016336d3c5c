import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CheckReport } from '../src/check/check-report.ts';
import type { History } from '../src/check/history.ts';
import { type HistoryRun, historyRunOf } from '../src/check/history-run.ts';
import { changeScale, tickText, undone } from '../src/html/check/change-scale.ts';
import { renderCheckPage } from '../src/html/check/check-page.ts';
import { type MadeSubject, reportOf, soundCanaries } from './check-reports.ts';

const hostile = '<img alt=x onerror="1">';
const subjects: readonly MadeSubject[] = [
  ...soundCanaries,
  {
    name: 'ring/lookup',
    about: 'of <keys>',
    params: { nodes: 100 },
    base: 60,
    change: 0.06,
    bytes: { base: 0.2 },
  },
  { name: 'ring/build', base: 2e6, change: -0.1, noise: 0.001, bytes: { base: 4e5 } },
  { name: 'ring/grown', base: 2e6, noise: 0.001, bytes: { base: 4e5, change: 0.4 } },
  { name: `ring/${hostile}`, base: 50, bytes: { base: 12 }, collections: { base: 1e-5 } },
  { name: 'ring/memory', unit: 'bytes', base: 4096, noise: 0 },
  { name: 'ring/renamed', presence: 'new' },
  { name: 'threads/lock', threads: 1, base: 20, noise: 0.02, counts: { retries: { base: 0 } } },
  { name: 'threads/lock', threads: 2, base: 80, noise: 0.02, counts: { retries: { base: 0.5, change: 3 } } },
  { name: 'threads/mutex', threads: 2, neverOverlaps: true },
  { name: 'threads/queue', base: 5e4, latency: { base: 6e4 }, minEffect: 0.25 },
  { name: 'core/varint', throws: { arm: 'base', message: hostile } },
];
const options = {
  gone: [hostile],
  leftOut: [{ name: 'ring/moves', why: hostile }],
  notes: [hostile],
} as const;
const report = await reportOf(subjects, options);
const page = renderCheckPage(report, historyOf(report));

/** Earlier runs on the same machine, one on another, and one with another profile. */
function historyOf(from: CheckReport): History {
  const own = historyRunOf(from);
  const on = (day: number, part: Partial<HistoryRun> = {}): HistoryRun => ({
    ...own,
    startedAt: `2026-01-0${day}T00:00:00.000Z`,
    head: { commit: String(day).repeat(40), dirty: day === 2 },
    ...part,
  });
  const runs = [on(1), on(2), on(1, { cpu: 'another' }), on(2, { profile: 'headline' }), on(9)];
  return { runs, notes: ['Line 7 was skipped'] };
}

/** The part of the page that is about one subject. */
function sectionOf(name: string, from: CheckReport = report, html = page): string {
  const id = `id="subject-${from.subjects.findIndex(subject => subject.name.startsWith(name))}"`;
  const start = html.lastIndexOf('<details class="card subject"', html.indexOf(id));
  const end = html.indexOf('<details class="card subject"', start + 1);
  return html.slice(start, end === -1 ? undefined : end);
}

function count(text: string, pattern: RegExp): number {
  return [...text.matchAll(pattern)].length;
}

describe('renderCheckPage', () => {
  it('needs nothing from anywhere', () => {
    expect(page).not.toMatch(/https?:|\/\/[a-z]|<link|@import|url\(|\bsrc=/i);
    expect(page.match(/<script/g)).toHaveLength(1);
    expect(page).toContain('prefers-color-scheme: dark');
  });

  it('shows names and messages as text', () => {
    expect(page).not.toContain('<img');
    expect(page).toContain('&lt;img');
    expect(page).toContain('of &lt;keys&gt;');
    expect(page).toContain('A &lt;fast&gt; one');
  });

  it('is well-formed, every drawing has a name, and no number in it is none', () => {
    expect(page).not.toMatch(/NaN|Infinity|undefined/);
    const open: string[] = [];
    for (const [, close, name, rest] of page.matchAll(/<(\/?)([a-z][a-z0-9]*)((?:"[^"]*"|[^">])*)>/gi)) {
      if (name === undefined || name === 'meta' || rest?.endsWith('/')) continue;
      if (close === '') open.push(name);
      else expect(open.pop()).toBe(name);
      if (rest?.includes('role="img"')) expect(rest).toMatch(/aria-label="[^"]{10,}"/);
    }
    expect(open).toEqual([]);
  });

  it('has the answer with its reasons, the builds and the canaries', () => {
    expect(page).toContain('<title>Regression check: regression</title>');
    expect(page).toMatch(
      /Something got slower<\/h2><p class="why">ring\/lookup · @quorate\/ring · nodes=100, time: \+(5\.[89]|6)/,
    );
    expect(page).toContain('head <code>aaaaaaaaaa</code> against base <code>origin/main (bbbbbbbbbb)</code>');
    expect(count(page, />passed<\/span>/g)).toBe(4);
  });

  it('has each verdict in the forests by shape and by word, and links that lead somewhere', () => {
    const forests = page.slice(page.indexOf('id="time"'), page.indexOf('id="rest"'));
    // The time of all but the two that have none; then retries of two, latencies, and the bytes that grew.
    expect(count(forests, /<li class="row f-/g)).toBe(11 + 2 + 2 + 1);
    for (const [verdict, rows] of [
      ['regression', 4],
      ['improvement', 1],
    ] as const) {
      expect(count(forests, new RegExp(`<li class="row f-${verdict}"`, 'g'))).toBe(rows);
      expect(forests).toContain(`class="mark f-${verdict}"`);
      expect(forests).toMatch(new RegExp(`</svg>${verdict}<`));
    }
    for (const [, id] of page.matchAll(/href="#([^"]+)"/g)) expect(page).toContain(`id="${id}"`);
    expect(count(forests, /class="truth"/g)).toBe(3);
  });

  it('says what was not compared, and what else there is to know', () => {
    const rest = page.slice(page.indexOf('id="rest"'), page.indexOf('id="scaling"'));
    expect(rest).toMatch(/unmeasured<\/span>.*its 2 threads ran at once in none of 24 pairs of processes/);
    expect(rest).toMatch(/incomparable<\/span>.*Base cannot run it: &lt;img/);
    expect(rest).toMatch(/new<\/span>.*ring\/renamed.*base&#39;s suites do not have it/);
    expect(rest).toMatch(/gone<\/span><span><b>&lt;img/);
    expect(rest).toMatch(/left out<\/span><span><b>ring\/moves/);
    expect(rest).toContain('Line 7 was skipped');
  });

  it('shows all pairs in order: who ran first, which confirmed, and what both builds took', () => {
    const section = sectionOf('ring/lookup');
    const own = report.subjects.find(({ name }) => name.startsWith('ring/lookup'));
    const pairs = own?.pairs ?? [];
    expect(pairs).toHaveLength(24);
    const tips = [...section.matchAll(/<title>turn (\d+), (screening|confirming), (base|head) first/g)];
    expect(tips.map(([, turn, stage, first]) => [Number(turn), stage, first])).toEqual(
      pairs.map(({ turn, stage, first }) => [turn, stage === 'screen' ? 'screening' : 'confirming', first]),
    );
    const drawn = section.slice(section.indexOf('role="img"'), section.indexOf('class="legend"'));
    expect(count(drawn, /class="pair hollow"/g)).toBe(8);
    expect(count(drawn, /class="pair"/g)).toBe(16);
    expect(count(section, /<title>(?:base|head), turn \d+: /g)).toBe(48);
    const places = new Map(
      [...section.matchAll(/<svg x="([\d.]+)%"[^>]*><title>(base|head), turn (\d+): /g)].map(
        ([, x, arm, turn]) => [`${arm} ${turn}`, Number(x)],
      ),
    );
    for (const { turn, first } of pairs) {
      const [base, head] = [places.get(`base ${turn}`) ?? 0, places.get(`head ${turn}`) ?? 0];
      expect(base < head ? 'base' : 'head').toBe(first);
    }
    expect(section).toContain('Share of the chunks');
    expect(count(section, /class="rug a-base"/g)).toBe(24);
    expect(section).toContain('<details class="card subject" open="">');
  });

  it('names the metric that a subject owes its fate to, and shows its pairs too', () => {
    const section = sectionOf('threads/lock · @quorate/ring · 2 threads');
    expect(section).toContain('regression: retries</span>');
    expect(section).toContain('Change of retries, pair by pair');
    expect(section).toMatch(/windows<\/dt><dd>base \d+ of \d+ accepted \(overlap 9\d % or more\)/);
    expect(sectionOf('threads/queue')).toMatch(/p99 when due<\/dt><dd>base \d+ µs, head \d+ µs/);
  });

  it('draws how both builds scale with the threads', () => {
    const scaling = page.slice(page.indexOf('id="scaling"'), page.indexOf('id="suite-0"'));
    expect(count(scaling, /<article/g)).toBe(1);
    expect(scaling).toMatch(/base: 0\.2\dx the rate of 1 on 2 threads/);
    expect(scaling).toMatch(/head: 0\.2\dx the rate of 1 on 2 threads/);
    expect(count(scaling, /class="whisker/g)).toBe(4);
  });

  it('draws the history on this machine with this profile, up to this run', () => {
    const section = sectionOf('ring/lookup');
    expect(section).toContain('History: 3 runs on this processor, the last is this one');
    expect(section).toContain('2222222222 with changes against bbbbbbbbbb');
    expect(section).not.toContain('9999999999');
    expect(renderCheckPage(report)).not.toContain('History:');
    expect(renderCheckPage(report, { runs: [historyRunOf(report)], notes: [] })).not.toContain('History:');
  });

  it('shows the spread of the processes in the headline profile alone', async () => {
    expect(page).not.toContain('Spread:');
    const headline = await reportOf([{ name: 'ring/lookup', mode: 0.1, pairs: 20 }], { profile: 'headline' });
    const html = renderCheckPage(headline);
    expect(html).toMatch(
      /Spread: base (?:9\d\.\d|100) ns to 11\d ns, half of them .*; head (?:9\d\.\d|100) ns to 11\d ns, half of them/,
    );
    expect(count(html, /class="quartiles/g)).toBe(2);
  });

  it('bears reports with nothing in them, or with nothing compared', async () => {
    const empty = renderCheckPage(await reportOf([]));
    expect(empty).toContain('Nothing could be compared');
    expect(empty).not.toMatch(/NaN|undefined|id="time"|id="others"|id="rest"|id="scaling"/);
    const broken = renderCheckPage(
      await reportOf([{ name: 'core/broken', throws: { arm: 'head', message: 'It broke' } }]),
    );
    expect(broken).toContain('A bench failed');
    expect(broken).toContain('<p class="trouble">failed: It broke</p>');
    expect(broken).not.toMatch(/NaN|undefined|id="time"/);
  });
});

describe('changeScale', () => {
  it('has twice and half equally far from zero, and a place for everything', () => {
    const { place, ticks } = changeScale([-1, -0.5, 0.001, 1, 30, Infinity], 0.025);
    expect(place(1) - place(0)).toBeCloseTo(place(0) - place(-0.5), 9);
    for (const share of [-1, -0.5, 0, 1, 30, Infinity]) {
      expect(place(share)).toBeGreaterThanOrEqual(0);
      expect(place(share)).toBeLessThanOrEqual(100);
    }
    expect(ticks).toEqual([...ticks].sort((a, b) => a - b));
    expect(ticks).toContain(0);
  });

  it('tells half a percent from nothing beside a factor of two, and marks what counts', () => {
    const { place, ticks } = changeScale([-0.005, 1], 0.025);
    expect(place(0) - place(-0.005)).toBeGreaterThan(1);
    expect(ticks).toEqual(expect.arrayContaining([0, 0.025, 1]));
    expect([...ticks, undone(1), 3, -0.75].map(tickText)).toEqual(
      expect.arrayContaining(['0', '+2.5%', 'x2', 'x1/2', 'x4', 'x1/4']),
    );
  });
});

const executablePath = '/usr/bin/chromium';
const required = process.env['QUORATE_REQUIRE_SERVICES'] === '1';

describe.skipIf(!existsSync(executablePath) && !required)(
  'the page in Chromium (needs /usr/bin/chromium)',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'quorate-check-page-'));
    const file = join(folder, 'page.html');
    let browser: Browser;
    beforeAll(async () => {
      writeFileSync(file, page);
      browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
    });
    afterAll(async () => {
      await browser?.close();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    });

    /** The page, unfolded, and all that it complained of or asked for. */
    async function opened(
      width: number,
      colorScheme: 'light' | 'dark',
    ): Promise<{ page: Page; complaints: string[] }> {
      const tab = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
      const complaints: string[] = [];
      tab.on('console', message => complaints.push(message.text()));
      tab.on('pageerror', error => complaints.push(error.message));
      tab.on('request', request => {
        if (request.url() !== pathToFileURL(file).href) complaints.push(request.url());
      });
      await tab.goto(pathToFileURL(file).href);
      await tab.evaluate(() => {
        for (const details of document.querySelectorAll('details')) details.open = true;
      });
      return { page: tab, complaints };
    }

    it.each([
      [1280, 'light'],
      [1280, 'dark'],
      [390, 'light'],
    ] as const)(
      'fits into %d pixels, %s: no text lies over another, and nothing is asked for',
      async (width, scheme) => {
        const { page: tab, complaints } = await opened(width, scheme);
        expect(complaints).toEqual([]);
        const found = await tab.evaluate(() => {
          const overlaps: string[] = [];
          for (const drawing of document.querySelectorAll('svg.fluid')) {
            const texts = [...drawing.querySelectorAll('text')].map(text => ({
              text: text.textContent,
              box: text.getBoundingClientRect(),
            }));
            for (const [index, one] of texts.entries()) {
              for (const other of texts.slice(index + 1)) {
                const apart =
                  one.box.width === 0 ||
                  other.box.width === 0 ||
                  one.box.right <= other.box.left ||
                  other.box.right <= one.box.left ||
                  one.box.bottom - 3 <= other.box.top ||
                  other.box.bottom - 3 <= one.box.top;
                if (!apart) overlaps.push(`${one.text} and ${other.text}: ${drawing.ariaLabel ?? ''}`);
              }
            }
          }
          const tooWide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
          return { overlaps, tooWide };
        });
        expect(found).toEqual({ overlaps: [], tooWide: 0 });
        await tab.close();
      },
    );

    it('unfolds what a link leads to, and turns dark and light', async () => {
      const { page: tab } = await opened(1280, 'light');
      await tab.evaluate(() => {
        for (const details of document.querySelectorAll('details')) details.open = false;
      });
      const link = tab.locator('.forest a', { hasText: 'ring/memory' });
      const id = await link.getAttribute('href');
      await link.click();
      await tab.waitForFunction(
        to => document.querySelector(to)?.closest('details')?.open === true,
        id ?? '',
      );
      const colour = async () => tab.evaluate(() => getComputedStyle(document.body).backgroundColor);
      const light = await colour();
      await tab.getByRole('button').click();
      expect(await colour()).not.toBe(light);
      await tab.close();
    });
  },
);
