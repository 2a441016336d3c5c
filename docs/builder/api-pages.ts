import { join } from 'node:path';
import { Application, Converter, LogLevel, type ProjectReflection, type TypeDocOptions } from 'typedoc';
import type { WorkspacePackage } from './workspace.ts';

/**
 * Writes the API pages of the packages into `docs/api`, from the doc comments in their sources.
 *
 * @throws Error where TypeDoc reports one.
 */
export async function writeApiPages(
  root: string,
  docs: string,
  packages: readonly WorkspacePackage[],
): Promise<void> {
  const names = new Map<string, string>();
  for (const { folder, entries } of packages) {
    for (const [name, source] of Object.entries(entries)) names.set(`packages/${folder}/${source}`, name);
  }
  const options: TypeDocOptions & Record<string, unknown> = {
    name: 'API',
    entryPoints: [...names.keys()].map(path => join(root, path)),
    tsconfig: join(docs, 'tsconfig.api.json'),
    basePath: root,
    displayBasePath: root,
    // The gate checks types, with the compiler that the packages are built by.
    skipErrorChecking: true,
    excludeInternal: true,
    excludePrivate: true,
    excludeExternals: true,
    disableSources: true,
    plugin: ['typedoc-plugin-markdown'],
    readme: 'none',
    entryFileName: 'index',
    outputFileStrategy: 'members',
    membersWithOwnFile: ['Class', 'Interface', 'Function', 'TypeAlias', 'Variable'],
    out: join(docs, 'api'),
    hideBreadcrumbs: true,
    hidePageHeader: true,
    hideGroupHeadings: false,
    parametersFormat: 'table',
    interfacePropertiesFormat: 'table',
    typeAliasPropertiesFormat: 'table',
    logLevel: LogLevel.Warn,
  };
  const application = await Application.bootstrapWithPlugins(options);
  application.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => nameModules(project, names));
  const project = await application.convert();
  if (project === undefined) throw new Error('TypeDoc found nothing it could read');
  await application.generateOutputs(project);
  if (application.logger.hasErrors()) throw new Error('TypeDoc failed');
}

/** Modules are called what people import, not where their file lies. */
function nameModules(project: ProjectReflection, names: ReadonlyMap<string, string>): void {
  for (const module of project.children ?? []) {
    const path = module.name;
    const name = [path, `${path}.ts`, `${path}/index.ts`].map(file => names.get(file)).find(Boolean);
    if (name !== undefined) module.name = name;
  }
}
