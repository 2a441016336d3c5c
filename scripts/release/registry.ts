import { type Command, CommandFailed, capture, captureOrThrow } from '../run-command.ts';
import type { Tarball } from '../pack-check/tarball.ts';
import type { PublishTarget } from './publish.ts';

/** Where packages are published to, spoken to through npm so that the user's own login and proxies apply. */
export class Registry implements PublishTarget {
  readonly #flags: readonly string[];

  /** @param url Default: the one npm is configured for. */
  constructor(url?: string) {
    this.#flags = url === undefined ? [] : [`--registry=${url}`];
  }

  async integrity(name: string, version: string): Promise<string | undefined> {
    const command: Command = [
      'npm',
      'view',
      `${name}@${version}`,
      'dist.integrity',
      '--json',
      ...this.#flags,
    ];
    const result = await capture(command);
    if (/\bE404\b/.test(result.stderr + result.stdout)) return undefined;
    if (result.code !== 0) throw new CommandFailed(command, result);
    const text = result.stdout.trim();
    return text === '' ? undefined : (JSON.parse(text) as string);
  }

  /** Uploads the file as it is. @throws CommandFailed */
  async publish(tarball: Tarball): Promise<void> {
    const provenance = `--provenance=${canAttest()}`;
    await captureOrThrow(['npm', 'publish', tarball.file, '--access=public', provenance, ...this.#flags]);
  }
}

/** Only a CI that hands out identity tokens can say where a package was built. */
function canAttest(): boolean {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: github, SIGSTORE_ID_TOKEN: gitlab } = process.env;
  return (github ?? '') !== '' || (gitlab ?? '') !== '';
}
