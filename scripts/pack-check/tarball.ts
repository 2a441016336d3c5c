import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { type PackageManifest, parseManifest } from '../tidy/manifest.ts';

/** A package as it goes over the wire: one .tgz and what is in it. */
export interface Tarball {
  readonly file: string;
  /** Contents by path, without the leading `package/`. */
  readonly entries: ReadonlyMap<string, Buffer>;
  readonly manifest: PackageManifest & { readonly name: string; readonly version: string };
  /** As registries state it: `sha512-` and the digest of the file in base64. */
  readonly integrity: string;
}

const BLOCK = 512;

/** Reads a .tgz into memory. @throws Error where it is not one, or holds no package.json. */
export function readTarball(file: string): Tarball {
  const bytes = readFileSync(file);
  const entries = new Map(tarEntries(gunzipSync(bytes)));
  const text = entries.get('package.json')?.toString('utf8');
  if (text === undefined) throw new Error(`${file} holds no package.json`);
  const manifest = parseManifest(`${file}:package.json`, text);
  const { name, version } = manifest;
  if (name === undefined || version === undefined) throw new Error(`${file} has no name or no version`);
  const integrity = `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
  return { file, entries, manifest: { ...manifest, name, version }, integrity };
}

/** The regular files of a tar archive (POSIX ustar; a `path` record of a pax header goes to the entry after it). */
function* tarEntries(archive: Buffer): Iterable<[path: string, content: Buffer]> {
  let longPath: string | undefined;
  for (let at = 0; at + BLOCK <= archive.length; ) {
    const header = archive.subarray(at, at + BLOCK);
    const name = field(header, 0, 100);
    if (name === '') return;
    const size = Number.parseInt(field(header, 124, 12), 8);
    const type = field(header, 156, 1);
    const prefix = field(header, 345, 155);
    const content = archive.subarray(at + BLOCK, at + BLOCK + size);
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
    if (type === 'x') {
      longPath = /\d+ path=(.+)\n/.exec(content.toString('utf8'))?.[1];
      continue;
    }
    const path = longPath ?? (prefix === '' ? name : `${prefix}/${name}`);
    longPath = undefined;
    if (type === '0' || type === '') yield [path.replace(/^package\//, ''), content];
  }
}

function field(header: Buffer, at: number, length: number): string {
  const raw = header.toString('utf8', at, at + length);
  const end = raw.indexOf('\0');
  return (end === -1 ? raw : raw.slice(0, end)).trim();
}
