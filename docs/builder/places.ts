import { join } from 'node:path';

/** The folder of the site. */
export const docsFolder: string = join(import.meta.dirname, '..');

/** The folder of the repository. */
export const repositoryFolder: string = join(docsFolder, '..');

/** Where the repository can be read by people who have only the site. */
export const repositoryUrl = 'https://github.com/quorate/quorate';

/** Folders below docs/ that hold nothing but what a build wrote. `api/` is written by TypeDoc. */
export const generatedFolders = ['packages', 'tools', 'project', 'generated', 'api'] as const;
