import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { type PackageManifest, parseManifest } from './manifest.ts';
import { type Source, parseSource } from './source.ts';

/** A folder of the workspace with a package.json. */
export interface WorkspaceFolder {
  /** From the root, with forward slashes: `packages/ring`. */
  readonly folder: string;
  /** The last part of the folder, which is the package's name without its scope: `ring`. */
  readonly name: string;
  readonly manifest: PackageManifest;
  /** Goes to npm: a package, or an app that people install, and not private. */
  readonly published: boolean;
}

const CODE = /\.(?:ts|tsx|mts|js|mjs)$/;

/** The repository's files as the rules see them: what git tracks or would track, by path from the root. */
export class Repository {
  readonly files: readonly string[];
  readonly #read: (file: string) => string;
  readonly #folders = new Set<string>(['.']);
  readonly #fileSet: ReadonlySet<string>;
  readonly #texts = new Map<string, string>();
  readonly #sources = new Map<string, Source>();
  #workspace: readonly WorkspaceFolder[] | undefined;

  constructor(files: Iterable<string>, read: (file: string) => string) {
    this.files = [...files].toSorted();
    this.#fileSet = new Set(this.files);
    this.#read = read;
    for (const file of this.files) {
      for (let at = posix.dirname(file); at !== '.'; at = posix.dirname(at)) this.#folders.add(at);
    }
  }

  /** The working tree at `root`: tracked files and new ones that are not ignored, without deleted ones. */
  static open(root: string): Repository {
    const options = { cwd: root, encoding: 'utf8', maxBuffer: 64 << 20 } as const;
    const listed = execFileSync('git', ['ls-files', '-z', '-co', '--exclude-standard'], options);
    const files = new Set(listed.split('\0').filter(file => file !== '' && existsSync(join(root, file))));
    return new Repository(files, file => readFileSync(join(root, file), 'utf8'));
  }

  /** A repository of the given files, for the tests of rules. */
  static of(files: Readonly<Record<string, string>>): Repository {
    return new Repository(Object.keys(files), file => files[file] ?? '');
  }

  /** Whether a file or a folder stands at `path`. */
  has(path: string): boolean {
    return this.#fileSet.has(path) || this.#folders.has(path);
  }

  text(file: string): string {
    let text = this.#texts.get(file);
    if (text === undefined) {
      text = this.#read(file);
      this.#texts.set(file, text);
    }
    return text;
  }

  source(file: string): Source {
    let source = this.#sources.get(file);
    if (source === undefined) {
      source = parseSource(file, this.text(file));
      this.#sources.set(file, source);
    }
    return source;
  }

  /** TypeScript and JavaScript files below `folder`; all of them without one. */
  code(folder = ''): readonly string[] {
    const prefix = folder === '' ? '' : `${folder}/`;
    return this.files.filter(file => CODE.test(file) && file.startsWith(prefix));
  }

  get workspace(): readonly WorkspaceFolder[] {
    this.#workspace ??= this.files
      .filter(file => /^(?:packages\/[^/]+|apps\/[^/]+|bench|docs)\/package\.json$/.test(file))
      .map(file => {
        const folder = posix.dirname(file);
        const manifest = parseManifest(file, this.text(file));
        const published = /^(?:packages|apps)\//.test(folder) && manifest.private !== true;
        return { folder, name: posix.basename(folder), manifest, published };
      });
    return this.#workspace;
  }
}
