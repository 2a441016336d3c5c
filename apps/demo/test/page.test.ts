import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, test } from 'vitest';
import { DemoRun } from './demo-run.ts';

const executablePath = '/usr/bin/chromium';
const required = process.env['QUORATE_REQUIRE_SERVICES'] === '1';
const present = existsSync(executablePath);
if (!present && !required)
  console.warn(`Page tests skipped: no browser at ${executablePath} (apt-get install chromium)`);

const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Each test waits for processes and a browser, which may have the cores to share. */
const slow = { timeout: 240_000 };

describe.skipIf(!present && !required)('the page in Chromium (needs /usr/bin/chromium)', slow, () => {
  let browser: Browser;
  let run: DemoRun;
  let pageUrl = '';
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args });
    ({ run } = await DemoRun.staying(['--nodes', '3']));
    pageUrl = (await run.waitFor(/Page: (\S+)/))[1] ?? '';
  }, 120_000);
  afterAll(async () => {
    await browser.close();
    await run[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    complaints.length = 0;
    page = await browser.newPage();
    page.setDefaultTimeout(100_000);
    page.on('pageerror', error => complaints.push(error.message));
    page.on('console', message => {
      if (message.type() === 'error') complaints.push(message.text());
    });
  });
  afterEach(() => page.close());

  /** Opens the page, and waits until nothing is under way that an earlier test began: the demo refuses everybody meanwhile. */
  const openIdle = async (): Promise<void> => {
    await page.goto(pageUrl);
    await page.waitForFunction(() => {
      const health = document.querySelector('#health')?.textContent ?? '';
      return health.includes('serving') && !health.includes('is under way');
    });
  };

  /** Fractions of the ring by node, measured on what is drawn: the lengths of the paths. */
  const drawn = (): Promise<Record<string, number>> =>
    page.evaluate(() => {
      const arcs = [...document.querySelectorAll<SVGPathElement>('#ring .arc')];
      return Object.fromEntries(
        arcs.map(arc => [arc.dataset['node'] ?? '', arc.getTotalLength() / (2 * Math.PI * 162)]),
      );
    });

  test('draws the whole ring, in the shares that the cards name, and hides the token', async () => {
    await page.goto(pageUrl);
    await page.waitForSelector('#ring[data-epoch="1"] .arc');
    await page.waitForSelector('.node:nth-child(3)');
    const shares = await drawn();
    expect(Object.keys(shares).sort()).toEqual(['n1', 'n2', 'n3']);
    expect(Object.values(shares).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 2);
    const card = await page.textContent('.node[data-node="n2"] .share');
    expect(Math.abs(Number.parseFloat(card ?? '') / 100 - (shares['n2'] ?? 0))).toBeLessThan(0.01);
    expect(new URL(page.url()).hash).toBe('');
    expect(complaints).toEqual([]);
  });

  test('finds a key', async () => {
    await page.goto(pageUrl);
    await page.waitForSelector('.node');
    await page.fill('#key', '<b>& no such key');
    await page.click('#lookup button');
    await page.waitForFunction(() => document.querySelector('#found')?.textContent !== '');
    expect(await page.textContent('#found')).toMatch(/^n\d owns it and has no value \(asked n\d\)$/);
    expect(await page.getAttribute('.needle', 'visibility')).toBe('visible');
  });

  test('a click adds a node: the ring is another, the least has moved, and every key is still right', async () => {
    await page.goto(pageUrl);
    await page.waitForSelector('#ring[data-epoch="1"]');
    const before = await drawn();
    await page.click('#add:enabled');
    await page.waitForSelector('.node[data-node="n4"]');
    await page.waitForFunction(() =>
      document.querySelector('#check')?.textContent?.includes('none lost, none stale'),
    );
    const after = await drawn();
    expect(Object.keys(after).sort()).toEqual(['n1', 'n2', 'n3', 'n4']);
    for (const id of ['n1', 'n2', 'n3']) expect(after[id]).toBeLessThan(before[id] ?? 0);
    const movedTo = await page.evaluate(() =>
      [...document.querySelectorAll<SVGPathElement>('#ring .moved')].map(arc => arc.dataset['node']),
    );
    expect(movedTo).toEqual(['n4']);
    expect(await page.textContent('#moved')).toContain('0.0 % between untouched nodes');
    expect(complaints).toEqual([]);
  });

  test('a node that is not there cannot be killed, and nothing is told as if it had been', async () => {
    await openIdle();
    const { origin, hash } = new URL(pageUrl);
    const headers = { authorization: `Bearer ${hash.slice('#token='.length)}` };
    const refused = await fetch(`${origin}/v1/nodes/n99/kill`, { method: 'POST', headers });
    expect([refused.status, await refused.json()]).toMatchObject([409, { code: 'UNKNOWN_NODE' }]);
    await page.waitForSelector('#tape li');
    expect(await page.textContent('#tape')).not.toContain('n99');
  });

  test('shows the replicas: one leads, the log grows, and what clients saw is judged', async () => {
    await page.goto(pageUrl);
    // Where the machine is busy an election may come between at any time, so that all is looked for in one state.
    const state = await page.waitForFunction(() => {
      const roles = [...document.querySelectorAll<HTMLElement>('.replica')].map(each => each.dataset['role']);
      const text = document.querySelector('#group-state')?.textContent ?? '';
      const followers = roles.filter(role => role === 'follower').length;
      return roles.length === 3 && followers === 2 && roles.includes('leader') && text;
    });
    expect(await state.jsonValue()).toMatch(
      /^n\d leads in term \d+; all 3 replicas are up, a write needs 2$/,
    );
    // How far the leader's log is, once that is more than `least`.
    const lastAbove = async (least: number): Promise<number> => {
      const last = await page.waitForFunction(floor => {
        const text = document.querySelector('.replica[data-role="leader"] .positions')?.textContent ?? '';
        const shown = Number(/last ([\d,]+)/.exec(text)?.[1]?.replaceAll(',', ''));
        return shown > floor && shown;
      }, least);
      return Number(await last.jsonValue());
    };
    await lastAbove(await lastAbove(0));
    await page.waitForFunction(() => {
      const bar = document.querySelector('.replica[data-role="leader"] .committed');
      return (bar?.clientWidth ?? 0) / (bar?.parentElement?.clientWidth ?? 1) > 0.5;
    });
    // The first round is judged after 15 seconds.
    await page.waitForSelector('#group-verdict.good:has-text("linearizable")');
    expect(complaints).toEqual([]);
  });

  test('a replica that is killed is down, the others go on, and a click starts it again', async () => {
    await page.goto(pageUrl);
    const id = await page.getAttribute('.replica[data-role="leader"]', 'data-replica');
    await page.click(`.replica[data-replica="${id}"] button:has-text("Kill"):enabled`);
    await page.waitForSelector(`.replica[data-replica="${id}"][data-role="down"]`);
    await page.waitForSelector('#group-state:has-text("2 of 3 replicas are up")');
    await page.waitForSelector('.replica[data-role="leader"]');
    await page.waitForSelector('#tape li:has-text("ms without an acknowledged one")');
    await page.waitForSelector('#group-gap:has-text("ms without an acknowledged write")');
    const isBack = page.waitForSelector(`#tape li:has-text("${id} is back on its journal")`);
    // On a busy machine it has come back by itself before anybody could press.
    await Promise.race([
      page.click(`.replica[data-replica="${id}"] button:has-text("Start again"):enabled`),
      isBack,
    ]);
    await isBack;
    await page.waitForSelector(`.replica[data-replica="${id}"]:not([data-role="down"])`);
    await page.waitForSelector(`.node[data-node="${id}"]`);
    expect(complaints).toEqual([]);
  });

  test('without a majority a host stays, and the page says who does not answer; with one it goes', async () => {
    await openIdle();
    const hosts = await page.$$eval('.replica', rows => rows.map(row => row.dataset['replica'] ?? ''));
    const [leaving = '', ...others] = hosts;
    expect(others).toHaveLength(2);
    const pids: number[] = [];
    for (const id of others) {
      const title = await page.getAttribute(`.node[data-node="${id}"] .numbers`, 'title');
      pids.push(Number(/process (\d+)/.exec(title ?? '')?.[1]));
    }
    // Stopped, and not killed: the demo would start them again.
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    try {
      const who = `No majority: ${others.join(' and ')} do not answer, and 2 of 3 replicas must`;
      await page.waitForSelector(`#group-state.bad:has-text("${who}")`);
      for (const id of others)
        await page.waitForSelector(`.replica[data-replica="${id}"][data-role="silent"]`);
      await page.click(`.node[data-node="${leaving}"] button:has-text("Remove"):enabled`);
      await page.waitForSelector(`#refusal:has-text("${leaving} stays. ${who}")`);
      await page.waitForFunction(
        () => !(document.querySelector('#health')?.textContent ?? '').includes('is under way'),
      );
      expect(await page.isVisible('#cancel')).toBe(false);
      // What is not known is not shown as nothing.
      for (const id of others) {
        expect(await page.textContent(`.node[data-node="${id}"] .numbers`)).toBe('does not answer');
        const heard = await page.textContent(`.replica[data-replica="${id}"] .positions`);
        expect(heard).toMatch(/^last heard of with entry [\d,]+$/);
      }
      expect(await page.textContent('#ring')).toContain('held by those that answer');
      expect(await page.locator(`.replica[data-replica="${leaving}"]`).count()).toBe(1);
    } finally {
      for (const pid of pids) process.kill(pid, 'SIGCONT');
    }
    await page.waitForSelector('#group-state:has-text("all 3 replicas are up")');
    await page.waitForSelector(`#tape li:has-text("${leaving} keeps its place in the group")`);
  });

  test('a node that hosts a replica goes where another takes its place, and cannot go where none does', async () => {
    await openIdle();
    await page.click('.node[data-node="n1"] button:has-text("Remove"):enabled');
    await page.waitForSelector('.replica[data-replica="n4"]');
    await page.waitForSelector('.replica[data-replica="n1"]', { state: 'detached' });
    await page.waitForSelector('#tape li:has-text("n4 has the log and votes in place of n1")');
    await page.waitForSelector('#tape li:has-text("n1 has handed everything over and stopped")');
    await openIdle();
    const { origin, hash } = new URL(pageUrl);
    const headers = { authorization: `Bearer ${hash.slice('#token='.length)}` };
    for (const [method, path, code] of [
      ['DELETE', '/v1/nodes/n2', 'HOSTS_REPLICA'],
      ['POST', '/v1/nodes/n2/start', 'NODE_RUNS'],
      ['POST', '/v1/nodes/n99/start', 'NO_REPLICA'],
    ] as const) {
      const refused = await fetch(origin + path, { method, headers });
      expect([refused.status, await refused.json()]).toMatchObject([409, { code }]);
    }
    await page.waitForSelector('.node[data-node="n2"] button:has-text("Kill"):enabled');
    const remove = page.locator('.node[data-node="n2"] button:has-text("Remove")');
    expect(await remove.isDisabled()).toBe(true);
    expect(await remove.getAttribute('title')).toContain('no other node could take its place');
  });

  test('removing drains, killing loses, and both are said so', async () => {
    await page.goto(pageUrl);
    await page.click('#add:enabled');
    await page.click('.node[data-node="n5"] button:has-text("Remove"):enabled');
    await page.waitForSelector('.node[data-node="n5"]', { state: 'detached' });
    await page.waitForSelector('#tape li:has-text("n5 has handed everything over and stopped")');
    await page.click('.node[data-node="n3"] button:has-text("Kill"):enabled');
    await page.waitForSelector('#tape li:has-text("n3 died with the only copy of")');
    await page.waitForFunction(() =>
      document.querySelector('#check')?.textContent?.includes('lost with nodes that died'),
    );
    expect(await page.getAttribute('#check', 'class')).toBe('good');
    expect(complaints).toEqual([]);
  });

  test('runs nothing inline and shows nothing without its token', async () => {
    const answer = await page.goto(new URL(pageUrl).origin);
    const policy = answer?.headers()['content-security-policy'];
    expect(policy).toContain("script-src 'self'");
    expect(policy).not.toContain('unsafe');
    await page.waitForSelector('#disconnected:visible');
    expect(await page.textContent('#disconnected')).toContain('no valid token');
    expect(await page.locator('.node').count()).toBe(0);
    const blocked = await page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'window.ranInline = true';
      document.head.append(script);
      return 'ranInline' in window;
    });
    expect(blocked).toBe(false);
    const { origin } = new URL(pageUrl);
    for (const [method, path] of [
      ['POST', '/v1/nodes'],
      ['DELETE', '/v1/nodes/n1'],
      ['POST', '/v1/nodes/n1/kill'],
      ['POST', '/v1/nodes/n1/start'],
      ['GET', '/v1/events'],
    ]) {
      expect((await fetch(origin + path, { method: method ?? '' })).status).toBe(401);
    }
  });

  test('a page of another port can neither read nor press', async () => {
    await page.goto(pageUrl);
    await page.waitForSelector('.node');
    const other = new URL(pageUrl);
    other.hostname = 'localhost';
    const outcome = await page.evaluate(async url => {
      const call = fetch(url, { method: 'POST', headers: { authorization: 'Bearer x' } });
      return call.then(
        () => 'answered',
        () => 'blocked',
      );
    }, `${other.origin}/v1/nodes`);
    expect(outcome).toBe('blocked');
  });

  test('takes the token of an address that is opened in the same tab', async () => {
    await page.goto(`${new URL(pageUrl).origin}/#token=of-another-run`);
    await page.waitForSelector('#disconnected:has-text("no valid token")');
    complaints.length = 0;
    // Differs in the fragment alone, so that the browser loads nothing by itself.
    await page.goto(pageUrl);
    await page.waitForSelector('.node');
    expect(new URL(page.url()).hash).toBe('');
  });

  test('names the cause when the demo is gone', async () => {
    await page.goto(pageUrl);
    await page.waitForSelector('.node');
    run.child.kill('SIGKILL');
    await page.waitForSelector('#disconnected:has-text("The demo does not answer")');
    expect(await page.isDisabled('#add')).toBe(true);
    expect(await page.textContent('#health')).toBe('Not connected');
  });
});
