import { Repository, type WorkspaceFolder } from './tidy/repository.ts';

/** The packages that go to npm, in the order in which they depend on each other. */
export function publishedPackages(root: string): readonly WorkspaceFolder[] {
  const remaining = new Map(
    Repository.open(root)
      .workspace.filter(({ published }) => published)
      .map(folder => [folder.manifest.name ?? folder.name, folder]),
  );
  const ordered: WorkspaceFolder[] = [];
  const place = (name: string): void => {
    const folder = remaining.get(name);
    if (folder === undefined) return;
    remaining.delete(name);
    for (const dependency of Object.keys(folder.manifest.dependencies ?? {})) place(dependency);
    ordered.push(folder);
  };
  for (const name of remaining.keys()) place(name);
  return ordered;
}
