import { type Command, CommandFailed, capture, captureOrThrow } from '../run-command.ts';
import type { Tarball } from '../pack-check/tarball.ts';
import type { PublishTarget } from './publish.ts';

/** Where packages are published to, spoken to through npm so that the user's own login and proxies apply. */
export class Registry implements PublishTarget {
  readonly #url: string | undefined;

  /** @param url Default: the one npm is configured for. */
  constructor(url?: string) {
    this.#url = url;
  }

  async integrity(name: string, version: string): Promise<string | undefined> {
    const command: Command = [
      'npm',
      'view',
      `${name}@${version}`,
      'dist.integrity',
      '--json',
      ...this.#flags(name),
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
    const flags = ['--access=public', provenance, ...this.#flags(tarball.manifest.name)];
    await captureOrThrow(['npm', 'publish', tarball.file, ...flags]);
  }

  /** To npm a registry that is configured for a scope goes before the one that it is given for all. */
  #flags(name: string): readonly string[] {
    if (this.#url === undefined) return [];
    const [scope] = name.split('/');
    const own = name.startsWith('@') ? [`--${scope}:registry=${this.#url}`] : [];
    return [`--registry=${this.#url}`, ...own];
  }
}

/** Only a CI that hands out identity tokens can say where a package was built. */
function canAttest(): boolean {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: github, SIGSTORE_ID_TOKEN: gitlab } = process.env;
  return (github ?? '') !== '' || (gitlab ?? '') !== '';
}
