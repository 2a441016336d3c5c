import type { Tarball } from '../pack-check/tarball.ts';

/** What a release needs of a registry. */
export interface PublishTarget {
  /** The integrity of a published version; nothing where it is not published. */
  integrity(name: string, version: string): Promise<string | undefined>;
  publish(tarball: Tarball): Promise<void>;
}

export type PublishStatus = 'published' | 'already there' | 'already there, from another file';

/**
 * Publishes a tarball unless the registry has its version: versions are never replaced, so a release that broke off
 * is continued by starting it again.
 */
export async function publishOnce(target: PublishTarget, tarball: Tarball): Promise<PublishStatus> {
  const { name, version } = tarball.manifest;
  const there = await target.integrity(name, version);
  if (there === undefined) {
    await target.publish(tarball);
    return 'published';
  }
  return there === tarball.integrity ? 'already there' : 'already there, from another file';
}
