import { posix } from 'node:path';
import { workspaceName } from './layers.ts';
import { keyLine } from './manifest.ts';
import type { Rule } from './rule.ts';

/** `tsc -b` passes silently over a missing reference, and then builds in the wrong order. */
export const tsconfigReferences: Rule = {
  name: 'tsconfig-references',
  summary: 'the references of a package are its workspace dependencies',
  *check(repository) {
    for (const { folder, manifest, published } of repository.workspace) {
      const file = `${folder}/tsconfig.json`;
      if (!published || !repository.has(file)) continue;
      const text = repository.text(file);
      const config = JSON.parse(text) as { references?: readonly { path: string }[] };
      const referenced = new Set((config.references ?? []).map(({ path }) => posix.join(folder, path)));
      const depended = new Set(
        Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })
          .map(workspaceName)
          .filter(name => name !== undefined)
          .map(name => `packages/${name}`),
      );
      const line = keyLine(text, 'references');
      for (const missing of depended.difference(referenced)) {
        yield { file, line, message: `references lacks ${missing}, a dependency in package.json` };
      }
      for (const surplus of referenced.difference(depended)) {
        yield { file, line, message: `references names ${surplus}, no dependency in package.json` };
      }
    }
  },
};
