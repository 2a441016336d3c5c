/** The target of an entry of `exports`: a file, `null` for a closed path, or targets by condition. */
export type ExportTarget = string | null | { readonly [condition: string]: ExportTarget };

export type ExportMap = Readonly<Record<string, ExportTarget>>;

type Versions = Readonly<Record<string, string>>;

/** The fields of a package.json that the house rules read. All are optional: a rule says what is missing. */
export interface PackageManifest {
  readonly name?: string;
  readonly version?: string;
  readonly private?: boolean;
  readonly description?: string;
  readonly license?: string;
  readonly type?: string;
  readonly sideEffects?: boolean | readonly string[];
  readonly engines?: Versions;
  readonly exports?: ExportMap;
  readonly imports?: ExportMap;
  readonly bin?: string | Versions;
  readonly files?: readonly string[];
  readonly scripts?: Versions;
  readonly repository?: { readonly type?: string; readonly url?: string; readonly directory?: string };
  readonly publishConfig?: {
    readonly access?: string;
    readonly provenance?: boolean;
    readonly exports?: ExportMap;
    readonly imports?: ExportMap;
  };
  readonly dependencies?: Versions;
  readonly devDependencies?: Versions;
  readonly peerDependencies?: Versions;
  readonly optionalDependencies?: Versions;
}

/** @throws SyntaxError with the file's name where the text is not a JSON object. */
export function parseManifest(file: string, text: string): PackageManifest {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new SyntaxError(`${file} is not JSON: ${String(cause)}`, { cause });
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new SyntaxError(`${file} is not a JSON object`);
  }
  return parsed;
}

/** The line of the first occurrence of `"key"` in a manifest's text, else 1. */
export function keyLine(text: string, key: string): number {
  const at = text.indexOf(`"${key}"`);
  return at === -1 ? 1 : text.slice(0, at).split('\n').length;
}
