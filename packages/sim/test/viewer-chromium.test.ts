import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findingPosition } from '../src/viewer/page-data-of.ts';
import { renderTrace } from '../src/viewer/render-trace.ts';
import { madeLinearization, madeRun } from './viewer-runs.ts';

const executablePath = '/usr/bin/chromium';
const required = process.env['QUORATE_REQUIRE_SERVICES'] === '1';
const run = madeRun();
const linearization = madeLinearization(run);
const finding = findingPosition(run, linearization) ?? -1;

/** After this, whatever was asked to be drawn is drawn. */
async function painted(tab: Page): Promise<void> {
  await tab.evaluate(
    async () =>
      new Promise<void>(resolve => {
        requestAnimationFrame(() => requestAnimationFrame(() => resolve()));
      }),
  );
}

const selected = async (tab: Page): Promise<number> =>
  Number(await tab.locator('#list [aria-selected=true]').getAttribute('data-event'));

type Span = readonly [fromUs: number, toUs: number];

/** The span in view, once the address says another than before. */
async function span(tab: Page, before: Span = [0, 0]): Promise<Span> {
  const settled = await tab.waitForFunction(old => {
    const values = new URLSearchParams(location.hash.slice(1));
    const now = [Number(values.get('from') ?? 0), Number(values.get('to') ?? 0)] as const;
    return now[0] === old[0] && now[1] === old[1] ? false : now;
  }, before);
  return (await settled.jsonValue()) as Span;
}

/** Parts of the page that lie over each other, and by how much the page is too wide. Runs in the page. */
function crowding(): { overlaps: string[]; tooWide: number } {
  const overlaps: string[] = [];
  const parts = [
    ...document.querySelectorAll('button, label, dd, h1, h2, canvas, #search, .legend li, summary, .verdict'),
  ];
  const boxes = parts
    .filter(part => part.checkVisibility() && part.closest('#list, .card.events h2 button') === null)
    .map(part => ({ part, box: part.getBoundingClientRect() }));
  for (const [index, one] of boxes.entries()) {
    for (const other of boxes.slice(index + 1)) {
      if (one.part.contains(other.part) || other.part.contains(one.part)) continue;
      const clipped = (part: Element): boolean => part.closest('#scroller, #details') !== null;
      if (clipped(one.part) || clipped(other.part)) continue;
      const across = Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left);
      const down = Math.min(one.box.bottom, other.box.bottom) - Math.max(one.box.top, other.box.top);
      if (across > 1 && down > 1) overlaps.push(`${one.part.outerHTML} and ${other.part.outerHTML}`);
    }
  }
  const tooWide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  return { overlaps, tooWide };
}

describe.skipIf(!existsSync(executablePath) && !required)(
  'the trace viewer in Chromium (needs /usr/bin/chromium)',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'quorate-trace-'));
    const addresses = new Map<string, string>();
    let browser: Browser;
    beforeAll(async () => {
      const pages = {
        run: renderTrace(run, { replayLine: 'pnpm sim quorum-register --replay 7', linearization }),
        compared: renderTrace(run, { compare: madeRun({ ok: true }) }),
        large: renderTrace(madeRun({ events: 100_000, seed: 3 })),
      };
      for (const [name, html] of Object.entries(pages)) {
        const file = join(folder, `${name}.html`);
        writeFileSync(file, html);
        addresses.set(name, pathToFileURL(file).href);
      }
      browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
    });
    afterAll(async () => {
      await browser?.close();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    });

    /** A tab with one of the pages, and all that it complained of or asked for. */
    async function opened(
      name: string,
      { width = 1280, scheme = 'light' as 'light' | 'dark', hash = '' } = {},
    ): Promise<{ tab: Page; complaints: string[] }> {
      const tab = await browser.newPage({ viewport: { width, height: 900 }, colorScheme: scheme });
      const complaints: string[] = [];
      tab.on('console', message => complaints.push(message.text()));
      tab.on('pageerror', error => complaints.push(error.message));
      tab.on('request', request => {
        if (request.url().split('#')[0] !== addresses.get(name)) complaints.push(request.url());
      });
      await tab.goto(`${addresses.get(name)}${hash}`);
      await painted(tab);
      return { tab, complaints };
    }

    it.each([
      ['run', 1280, 'light'],
      ['run', 1280, 'dark'],
      ['run', 390, 'light'],
      ['run', 390, 'dark'],
      ['compared', 1280, 'dark'],
      ['compared', 390, 'light'],
    ] as const)(
      '%s fits into %d pixels, %s: nothing overlaps, and nothing is asked for',
      async (name, width, scheme) => {
        const { tab, complaints } = await opened(name, { width, scheme });
        await tab.locator('.filters > summary').click();
        await tab.locator('.below summary').click();
        await painted(tab);
        const found = await tab.evaluate(crowding);
        expect(found).toEqual({ overlaps: [], tooWide: 0 });
        expect(complaints).toEqual([]);
        await tab.close();
      },
    );

    it('opens at the violation, and comes back to it', async () => {
      const { tab } = await opened('run');
      expect(await selected(tab)).toBe(finding);
      await tab.keyboard.press('0');
      await tab.keyboard.press('j');
      expect(await selected(tab)).toBe(finding + 1);
      await tab.getByRole('button', { name: 'Jump to the violation' }).click();
      expect(await selected(tab)).toBe(finding);
      const text = await tab.locator('#details').innerText();
      expect(text).toContain('no order of the operations explains this one');
      await tab.close();
    });

    it('pans and zooms by keyboard, wheel, drag and buttons', async () => {
      const { tab } = await opened('run');
      const start = await span(tab);
      await tab.keyboard.press('d');
      const panned = await span(tab, start);
      expect(panned[0]).toBeGreaterThan(start[0]);
      expect(panned[1] - panned[0]).toBeCloseTo(start[1] - start[0], -1);
      await tab.keyboard.press('w');
      const zoomed = await span(tab, panned);
      expect(zoomed[1] - zoomed[0]).toBeLessThan(panned[1] - panned[0]);
      await tab.locator('#lanes').hover({ position: { x: 400, y: 100 } });
      await tab.mouse.wheel(0, 300);
      const wheeled = await span(tab, zoomed);
      expect(wheeled[1] - wheeled[0]).toBeGreaterThan(zoomed[1] - zoomed[0]);
      await tab.mouse.down();
      await tab.mouse.move(800, 500, { steps: 4 });
      await tab.mouse.up();
      const dragged = await span(tab, wheeled);
      expect(dragged[0]).not.toBe(wheeled[0]);
      await tab.getByRole('button', { name: 'Zoom in' }).click();
      const closer = await span(tab, dragged);
      expect(closer[1] - closer[0]).toBeLessThan(dragged[1] - dragged[0]);
      await tab.getByRole('button', { name: 'Show the whole run' }).click();
      const all = await span(tab, closer);
      expect(all[0]).toBeLessThanOrEqual(0);
      expect(all[1]).toBeGreaterThanOrEqual(run.simulatedMs * 1000);
      await tab.close();
    });

    it('zooms with two fingers', async () => {
      const context = await browser.newContext({ viewport: { width: 390, height: 900 }, hasTouch: true });
      const tab = await context.newPage();
      await tab.goto(addresses.get('run') ?? '');
      const before = await span(tab);
      await tab.locator('#lanes').scrollIntoViewIfNeeded();
      const box = await tab.locator('#scroller').boundingBox();
      const y = (box?.y ?? 0) + 60;
      const session = await context.newCDPSession(tab);
      const touch = async (type: 'touchStart' | 'touchMove' | 'touchEnd', ...xs: number[]): Promise<void> => {
        await session.send('Input.dispatchTouchEvent', {
          type,
          touchPoints: xs.map((x, id) => ({ x, y, id })),
        });
      };
      await touch('touchStart', 180, 240);
      for (const step of [5, 20, 40, 60]) await touch('touchMove', 180 - step, 240 + step);
      await touch('touchEnd');
      const after = await span(tab, before);
      expect(after[1] - after[0]).toBeLessThan((before[1] - before[0]) * 0.7);
      await context.close();
    });

    it('selects what is clicked, says what caused it, and a link leads back to it', async () => {
      const { tab } = await opened('run');
      const delivered = (run.trace ?? []).findIndex(
        ({ detail }, position) => position > finding && detail.type === 'deliver',
      );
      await tab.locator(`#list [data-event="${delivered}"]`).click();
      expect(await tab.locator('#details').innerText()).toMatch(/Because of\s+n\d sends message/);
      await tab.keyboard.press('c');
      const sent = await selected(tab);
      expect(run.trace?.[sent]?.detail.type).toBe('send');
      const address = `#event=${delivered}`;
      const again = await opened('run', { hash: address });
      expect(await selected(again.tab)).toBe(delivered);
      await tab.close();
      await again.tab.close();
    });

    it('selects an event in the drawing', async () => {
      const { tab } = await opened('run');
      await tab.keyboard.press('0');
      const before = await selected(tab);
      const box = await tab.locator('#lanes').boundingBox();
      const lanes = { x: box?.x ?? 0, y: box?.y ?? 0 };
      for (let x = 200; x < 700 && (await selected(tab)) === before; x += 9) {
        await tab.mouse.click(lanes.x + x, lanes.y + 85);
      }
      expect(await selected(tab)).not.toBe(before);
      await tab.close();
    });

    it('filters by kind, by node and by text', async () => {
      const { tab } = await opened('run');
      const count = async (): Promise<string> => tab.locator('#count').innerText();
      expect(await count()).toBe(`${run.events.toLocaleString('en-US')} events`);
      await tab.locator('.filters > summary').click();
      await tab.getByLabel('timers').uncheck();
      const timers = (run.trace ?? []).filter(({ detail }) => detail.type === 'timer').length;
      const shown = (run.events - timers).toLocaleString('en-US');
      expect(await count()).toBe(`${shown} of ${run.events.toLocaleString('en-US')} events`);
      await tab.getByLabel('n1', { exact: true }).uncheck();
      expect(await count()).not.toContain(shown);
      await tab.keyboard.press('/');
      await tab.keyboard.type('no such event');
      await tab.waitForFunction(() => document.getElementById('count')?.textContent.startsWith('0 of'));
      await tab.close();
    });

    it('shows two runs, and where they part in both', async () => {
      const { tab } = await opened('compared');
      await tab.getByRole('button', { name: 'Jump to where they part' }).click();
      const part = await selected(tab);
      expect(run.trace?.[part]?.detail.type).toBe('finding');
      await tab.getByRole('button', { name: 'B', exact: true }).click();
      expect(await tab.locator('#count').innerText()).toBe(
        `${(run.events - 1).toLocaleString('en-US')} events`,
      );
      await tab.locator('tr.differs td:last-child a').click();
      expect(await selected(tab)).toBe(part);
      await tab.close();
    });

    it('draws messages, operations, facts, faults and the finding in their colours', async () => {
      const { tab } = await opened('run');
      const missing = await tab.evaluate(() => {
        const lanes = document.querySelector<HTMLCanvasElement>('#lanes');
        const { data } = lanes?.getContext('2d')?.getImageData(0, 0, lanes.width, lanes.height) ?? {
          data: [],
        };
        const drawn = new Set<string>();
        for (let at = 0; at < data.length; at += 4) drawn.add(Array.from(data.slice(at, at + 3)).join(' '));
        const style = getComputedStyle(document.documentElement);
        return ['c0', 'c1', 'c2', 'c3', 'missed', 'strong', 'ink'].filter(name => {
          const colour = style.getPropertyValue(`--${name}`).trim();
          return !drawn.has([1, 3, 5].map(at => Number.parseInt(colour.slice(at, at + 2), 16)).join(' '));
        });
      });
      expect(missing).toEqual([]);
      await tab.close();
    });

    it('turns dark and light', async () => {
      const { tab } = await opened('run');
      const colour = async (): Promise<string> =>
        tab.evaluate(() => getComputedStyle(document.body).backgroundColor);
      const light = await colour();
      await tab.getByRole('button', { name: 'Light / dark' }).click();
      expect(await colour()).not.toBe(light);
      await tab.close();
    });

    it('bears 100,000 events: few rows exist, and the whole run can be drawn and searched', async () => {
      const { tab, complaints } = await opened('large');
      expect(await tab.locator('#list .event').count()).toBeLessThan(80);
      await tab.keyboard.press('0');
      await painted(tab);
      expect(await tab.locator('#note').innerText()).toMatch(/^\d\d,\d{3} messages in view/);
      await tab.locator('#list').focus();
      await tab.keyboard.press('End');
      expect(await selected(tab)).toBe(
        Number(await tab.locator('#list .event').last().getAttribute('data-event')),
      );
      await tab.locator('#search').fill('jump');
      await tab.waitForFunction(() => / of 100,/.test(document.getElementById('count')?.textContent ?? ''));
      expect(complaints).toEqual([]);
      await tab.close();
    });
  },
);
