import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { browserMissing, insecureHost, launchBrowser } from './browser/chromium.ts';
import { servePage } from './browser/page-server.ts';
import { cases } from './conformance/cases.ts';
import { inlineWorkers, webWorkers } from './conformance/subjects.ts';

const missing = browserMissing();
if (missing !== undefined) console.warn(`Web Worker tests are skipped: ${missing}`);

/** What the page offers; see page-server.ts. */
type RunCase = (subject: string, name: string) => Promise<string | undefined>;

/** Cases of a worker's whole life that need no shared memory. */
const withoutMemory = [
  'a promised result is awaited',
  'an answer sent before the end is delivered',
  'a worker can leave from within, and its outstanding calls reject',
  'a thousand outstanding calls all reject when the worker is terminated',
  'a module that throws at its top level is an error with its cause',
  'a worker that leaves while it is closing has left, not closed',
];

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

  test('a page that is not a secure context has workers too, without locks and shared memory', async () => {
    const plain = await browser.newPage();
    await openPage(plain, server.url.replace('localhost', insecureHost));
    expect(await plain.evaluate(() => [globalThis.isSecureContext, 'locks' in navigator])).toEqual([
      false,
      false,
    ]);
    for (const name of withoutMemory) expect(await runCase(plain, 'web', name), name).toBeUndefined();
    await plain.close();
  });

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
