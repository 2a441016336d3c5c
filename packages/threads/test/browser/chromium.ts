import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const executablePath = '/usr/bin/chromium';

/**
 * Why there is no browser to test in, or `undefined` if there is one. Where services are required, there has to be one.
 */
export function browserMissing(): string | undefined {
  if (existsSync(executablePath)) return undefined;
  const reason = `no ${executablePath}: install Debian's package "chromium"`;
  if (process.env['QUORATE_REQUIRE_SERVICES'] === '1')
    throw new Error(`A browser is required, but there is ${reason}`);
  return reason;
}

/** A name of this machine from which a page is no secure context. */
export const insecureHost = 'insecure.test';

/** A headless browser that talks to nobody but us. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      `--host-resolver-rules=MAP ${insecureHost} 127.0.0.1`,
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
