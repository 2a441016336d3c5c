import type { Tarball } from '../pack-check/tarball.ts';

/** What a release needs of a registry. */
export interface PublishTarget {
  /** The integrity of a published version; nothing where it is not published. */
  integrity(name: string, version: string): Promise<string | undefined>;
  publish(tarball: Tarball): Promise<void>;
}

/** How the files of a release compare with what the registry holds under their versions. */
export interface ReleaseState {
  /** The registry lacks their versions: they are to be published. */
  readonly missing: readonly Tarball[];
  /** The registry holds these very files: an earlier release broke off after them. */
  readonly there: readonly Tarball[];
  /** The registry holds other files under their versions, and versions are never replaced. */
  readonly taken: readonly Tarball[];
}

/**
 * Compares a release with a registry before anything is published.
 *
 * A release that broke off is continued by starting it again, from the same commit. From another commit, what is there and
 * what is still missing would be one version made of two, which nobody has checked together: that is what `taken` shows.
 */
export async function compareRelease(
  target: PublishTarget,
  tarballs: readonly Tarball[],
): Promise<ReleaseState> {
  const state = { missing: [] as Tarball[], there: [] as Tarball[], taken: [] as Tarball[] };
  for (const tarball of tarballs) {
    const { name, version } = tarball.manifest;
    const integrity = await target.integrity(name, version);
    if (integrity === undefined) state.missing.push(tarball);
    else if (integrity === tarball.integrity) state.there.push(tarball);
    else state.taken.push(tarball);
  }
  return state;
}
