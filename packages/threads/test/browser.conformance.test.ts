import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { browserMissing, launchBrowser } from './browser/chromium.ts';
import { servePage } from './browser/page-server.ts';
import { cases } from './conformance/cases.ts';
import { inlineWorkers, webWorkers } from './conformance/subjects.ts';

const missing = browserMissing();
if (missing !== undefined) console.warn(`Web Worker tests are skipped: ${missing}`);

/** What the page offers; see page-server.ts. */
type RunCase = (subject: string, name: string) => Promise<string | undefined>;

describe.skipIf(missing !== undefined)('in Chromium, which it needs', () => {
  let server: Awaited<ReturnType<typeof servePage>>;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    server = await servePage();
    browser = await launchBrowser();
    page = await browser.newPage();
    await openPage(page, server.url);
  });

  afterAll(async () => {
    await browser?.close();
    await server?.[Symbol.asyncDispose]();
  });

  test('the page is cross-origin isolated', async () => {
    expect(await page.evaluate(() => globalThis.crossOriginIsolated)).toBe(true);
  });

  for (const [key, subject] of [
    ['web', webWorkers],
    ['inline', inlineWorkers],
  ] as const) {
    describe(subject.name, () => {
      for (const { name, applies } of cases) {
        if (applies?.(subject) ?? true)
          test(name, async () => expect(await runCase(page, key, name)).toBeUndefined());
      }
    });
  }

  test('a policy that forbids workers makes spawn fail rather than hang', async () => {
    const strict = await browser.newPage();
    await openPage(strict, `${server.url}/strict`);
    const failure = await runCase(strict, 'web', 'name and start data arrive, the data as a copy');
    expect(failure).toMatch(/Worker "smith" threw before it was ready/);
    await strict.close();
  });
});

async function openPage(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.waitForFunction(() => 'runCase' in globalThis);
}

function runCase(page: Page, subject: string, name: string): Promise<string | undefined> {
  return page.evaluate(
    ([subject, name]) => (globalThis as unknown as { runCase: RunCase }).runCase(subject, name),
    [subject, name] as const,
  );
}
