import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium } from 'playwright-core';

const EXECUTABLE = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
);

/** Why browser tests cannot run here; undefined where they can, and where they must. */
export const noBrowser: string | undefined =
  EXECUTABLE === undefined && process.env['QUORATE_REQUIRE_SERVICES'] !== '1'
    ? 'no Chromium at /usr/bin/chromium (apt-get install chromium)'
    : undefined;

/** A headless Chromium with a profile of its own, that talks to nobody by itself. */
export interface Chromium extends AsyncDisposable {
  readonly context: BrowserContext;
}

export async function startChromium(): Promise<Chromium> {
  if (EXECUTABLE === undefined) throw new Error('Chromium is required here and is not installed');
  const profile = mkdtempSync(join(tmpdir(), 'quorate-docs-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: EXECUTABLE,
    headless: true,
    viewport: { width: 1280, height: 1000 },
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  const close = async (): Promise<void> => {
    await context.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  return { context, [Symbol.asyncDispose]: close };
}
