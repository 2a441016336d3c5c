import { join } from 'node:path';
import { publishedPackages } from '../published-packages.ts';
import { ROOT, captureOrThrow, pnpm } from '../run-command.ts';
import { type Tarball, readTarball } from './tarball.ts';

/** Packs every published package of the workspace into `folder`, in the order of their dependencies. */
export async function packAll(folder: string): Promise<readonly Tarball[]> {
  const packed: Tarball[] = [];
  for (const owner of publishedPackages(ROOT)) {
    const command = pnpm('pack', '--json', '--pack-destination', folder);
    const output = await captureOrThrow(command, { cwd: join(ROOT, owner.folder) });
    // What a lifecycle script printed may come first.
    const { filename } = JSON.parse(output.slice(output.indexOf('{'))) as { filename: string };
    packed.push(readTarball(filename));
  }
  return packed;
}
