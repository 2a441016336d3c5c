import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Ring } from '@quorate/ring';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { firstMembers } from '../.vitepress/theme/ring/members.ts';
import { buildTestSite, canUnplug, unplugged } from './built-site.ts';
import { type Chromium, noBrowser, startChromium } from './chromium.ts';
import { type SiteServer, serveSite } from './site-server.ts';

let dist: string;

beforeAll(async () => {
  dist = await buildTestSite();
}, 300_000);

afterAll(() => rmSync(dist, { recursive: true, force: true }));

test('the pages are there, and once more for programs that read', () => {
  for (const page of [
    'index',
    'quick-start',
    'concepts/consistent-hashing',
    'guarantees',
    'api/index',
    'zh/index',
  ]) {
    expect(existsSync(join(dist, `${page}.html`)), page).toBe(true);
  }
  const index = readFileSync(join(dist, 'llms.txt'), 'utf8');
  expect(index).toContain('- [@quorate/core](/packages/core.md): The words and the seams');
  for (const [, address = ''] of index.matchAll(/\]\((\S+?)\)/g)) {
    expect(existsSync(join(dist, address)), address).toBe(true);
  }
});

test.skipIf(!canUnplug)('the site was built without a network (needs the right to unshare one)', () => {
  const [command, args] = unplugged(['-p', 'Object.keys(os.networkInterfaces()).length']);
  expect(execFileSync(command, args, { encoding: 'utf8' }).trim()).toBe('0');
});

test('every error code of a README is on the page of error codes', () => {
  const page = readFileSync(join(dist, 'errors.html'), 'utf8');
  expect(page).toContain('id="deadline_exceeded"');
  expect(page).toContain('href="/packages/core#aborted"');
});

test('the picture is in the page before any script runs', () => {
  const page = readFileSync(join(dist, 'concepts/consistent-hashing.html'), 'utf8');
  expect(page.match(/class="band"/g)).toHaveLength(5);
});

const reason = noBrowser === undefined ? '' : `: ${noBrowser}`;

describe.skipIf(noBrowser !== undefined)(`in a browser (needs Chromium${reason})`, () => {
  let server: SiteServer;
  let chromium: Chromium;
  let page: Page;
  const requests: string[] = [];
  const faults: string[] = [];

  beforeAll(async () => {
    server = await serveSite(dist);
    chromium = await startChromium();
    page = await chromium.context.newPage();
    page.setDefaultTimeout(10_000);
    page.on('request', request => requests.push(request.url()));
    page.on('response', response => {
      if (response.status() >= 400) faults.push(`${response.status()} for ${response.url()}`);
    });
    page.on('console', message => {
      if (['error', 'warning'].includes(message.type())) faults.push(`console: ${message.text()}`);
    });
    page.on('pageerror', error => faults.push(`page: ${error.message}`));
  }, 60_000);

  afterAll(async () => {
    await chromium?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });

  test('a node that is added by keyboard takes about the minimum', async () => {
    await open('/concepts/consistent-hashing');
    await page.locator('input[name=points]').focus();
    await page.keyboard.press('End');
    const before = await bands();
    expect(before).toHaveLength(5);
    await page.locator('button[name=add]').focus();
    await page.keyboard.press('Enter');
    await page.locator('.band[data-node=quito]').waitFor({ state: 'attached' });
    const after = await bands();
    expect(after).toHaveLength(6);
    expect(after.slice(0, 5)).not.toEqual(before);
    const moved = await share('moved');
    const minimum = await share('minimum');
    expect(minimum).toBeCloseTo(1 / 6, 6);
    expect(Math.abs(moved - minimum)).toBeLessThan(0.03);
    expect(await share('modulo')).toBeGreaterThan(0.6);
    expect(await page.locator('.key.moved').count()).toBeGreaterThan(400 * moved * 0.5);
  });

  test('a node that leaves and comes back restores the picture', async () => {
    const before = await bands();
    await page.getByRole('button', { name: 'Remove oslo' }).click();
    await page.locator('.band[data-node=oslo]').waitFor({ state: 'detached' });
    await page.locator('button[name=add]').click();
    await page.locator('.band[data-node=oslo]').waitFor({ state: 'attached' });
    expect((await bands()).toSorted()).toEqual(before.toSorted());
  });

  test('a weight changes the share', async () => {
    const cell = page.locator('[data-member=lima] .share');
    const before = Number.parseFloat((await cell.textContent()) ?? '');
    await page.getByLabel('Weight of lima').fill('4');
    await page.keyboard.press('Tab');
    await page.getByText('lima has weight 4').waitFor();
    expect(Number.parseFloat((await cell.textContent()) ?? '')).toBeGreaterThan(before * 1.8);
    expect(Math.abs((await share('moved')) - (await share('minimum')))).toBeLessThan(0.06);
  });

  test('the browser’s owners are Node’s', async () => {
    await page.locator('button[name=reset]').click();
    const ring = Ring.build({ nodes: firstMembers(5), vnodes: 160 });
    for (const key of ['user:1', 'Grüße', '键', '🙂']) {
      await page.locator('input[name=key]').fill(key);
      const [owner = '', ...replicas] = ring.pick(key, { n: 3 });
      await expect.poll(() => page.locator('.live-ring .owner-name').textContent()).toBe(owner);
      expect(await page.locator('.live-ring .replicas').textContent()).toBe(`then ${replicas.join(', ')}`);
    }
  });

  test('every algorithm draws, and says what it cannot do', async () => {
    for (const name of await page.locator('select[name=algorithm] option').allTextContents()) {
      await page.locator('select[name=algorithm]').selectOption(name);
      await expect.poll(bands).toHaveLength(5);
      await page.locator('button[name=add]').click();
      await expect.poll(bands).toHaveLength(6);
      await page.locator('button[name=reset]').click();
    }
    await page.locator('select[name=algorithm]').selectOption('jump');
    await page.getByRole('button', { name: 'Remove lima' }).click();
    await page.getByRole('alert').waitFor();
    expect(await bands()).toHaveLength(5);
  });

  test('the start page’s ring, the dark side and the search', async () => {
    await open('/');
    await page.locator('.hero-ring').getByRole('button', { name: 'Add a node' }).click();
    await page.getByText('6 nodes').waitFor();
    await page.locator('.VPNavBarAppearance button').click();
    await page.locator('html.dark').waitFor();
    await page.keyboard.press('Control+k');
    await page.locator('#localsearch-input').fill('DEADLINE_EXCEEDED');
    await page.locator('#localsearch-list li a').first().waitFor();
    expect(await page.locator('#localsearch-list li a').first().getAttribute('href')).toContain('_exceeded');
  });

  test('nothing was asked of another origin, and nobody complained', () => {
    expect(requests).toContain(`${server.origin}/concepts/consistent-hashing`);
    const elsewhere = requests.filter(url => !url.startsWith(server.origin) && !/^(?:data|blob):/.test(url));
    expect(elsewhere).toEqual([]);
    expect(faults).toEqual([]);
  });

  async function open(path: string): Promise<void> {
    await page.goto(server.origin + path, { waitUntil: 'networkidle' });
  }

  async function bands(): Promise<string[]> {
    return page.locator('.band').evaluateAll(paths => paths.map(path => path.getAttribute('d') ?? ''));
  }

  async function share(name: string): Promise<number> {
    return Number(await page.locator(`[data-share=${name}]`).getAttribute('data-value'));
  }
});
