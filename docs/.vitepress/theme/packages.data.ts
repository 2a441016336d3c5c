import { repositoryFolder } from '../../builder/places.ts';
import { workspacePackages, type WorkspacePackage } from '../../builder/workspace.ts';

/** The packages of the workspace, read at build time. */
declare const data: WorkspacePackage[];
export { data };

export default {
  watch: ['../../../packages/*/package.json'],
  load: (): WorkspacePackage[] => workspacePackages(repositoryFolder),
};
