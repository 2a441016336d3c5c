import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Fence, parseFences } from '../builder/fences.ts';
import { repositoryFolder } from '../builder/places.ts';

/** A code block with the file it stands in, by path from the repository's root. */
export interface DocumentBlock extends Fence {
  readonly file: string;
  /** The block that follows, if it states what this one prints. */
  readonly output: Fence | undefined;
}

/** READMEs anywhere, what the project says about itself, and the site's own pages; generated ones are ignored by git. */
const READ = /^(?:[A-Z][\w.-]*\.md|(?:packages|apps)\/[^/]+\/README\.md|bench\/README\.md|docs\/.*\.md)$/;

/** Every Markdown file whose code blocks are held to be true. */
export function documentFiles(): string[] {
  const options = { cwd: repositoryFolder, encoding: 'utf8' } as const;
  const listed = execFileSync('git', ['ls-files', '-z', '-co', '--exclude-standard', '*.md'], options);
  const files = new Set(listed.split('\0'));
  return [...files].filter(file => READ.test(file) && existsSync(join(repositoryFolder, file))).toSorted();
}

/** The blocks of a file, each with the output block that follows it. */
export function documentBlocks(file: string, markdown?: string): DocumentBlock[] {
  const fences = parseFences(markdown ?? readFileSync(join(repositoryFolder, file), 'utf8'));
  return fences.map((fence, index) => {
    const next = fences[index + 1];
    const output = next?.language === 'text' && next.info === 'output' ? next : undefined;
    return { ...fence, file, output };
  });
}
