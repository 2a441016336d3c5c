import { readFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRequire, stripTypeScriptTypes } from 'node:module';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '../../../..');

/** What a page needs to be given shared memory. */
const isolation = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
};

/** A page whose only content is a module: the conformance cases, ready to be run by name. */
const page = `<!doctype html><title>threads</title><script type="module">
import { cases } from '/packages/threads/test/conformance/cases.ts';
import { inlineWorkers, webWorkers } from '/packages/threads/test/conformance/subjects.ts';
const subjects = { inline: inlineWorkers, web: webWorkers };
globalThis.runCase = async (subject, name) => {
  try {
    await cases.find(one => one.name === name).run(subjects[subject]);
  } catch (error) {
    return String(error?.stack ?? error);
  }
};
</script>`;

/** Serves the repository's sources as a browser can read them, on a free port of this machine. */
export async function servePage(): Promise<{ readonly url: string } & AsyncDisposable> {
  const server = createServer((request, response) =>
    answer(new URL(request.url ?? '/', 'http://page').pathname, response),
  );
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://localhost:${port}`, [Symbol.asyncDispose]: () => close(server) };
}

function answer(path: string, response: ServerResponse): void {
  if (path === '/' || path === '/strict') {
    const policy = path === '/strict' ? { 'content-security-policy': "worker-src 'none'" } : {};
    response.writeHead(200, { ...isolation, ...policy, 'content-type': 'text/html' }).end(page);
    return;
  }
  const served = modules.get(path) ?? load(path);
  modules.set(path, served);
  if (served === undefined) response.writeHead(404, isolation).end();
  else response.writeHead(200, { ...isolation, ...moduleHeaders }).end(served);
}

/** Every worker asks for every module again; the address of the server is new in each run, so they may be kept. */
const moduleHeaders = { 'content-type': 'text/javascript', 'cache-control': 'max-age=600, immutable' };
const modules: Map<string, string | undefined> = new Map();

function load(path: string): string | undefined {
  try {
    if (!/^\/packages\/[\w/.-]+\.ts$/.test(path)) return undefined;
    return resolveImports(stripTypeScriptTypes(readFileSync(join(root, path), 'utf8')), path);
  } catch {
    return undefined;
  }
}

/**
 * Rewrites the names of packages to their paths. An import map could not do it: workers have none.
 */
function resolveImports(source: string, path: string): string {
  return source.replaceAll(
    /(\bfrom\s*|\bimport\s*)(['"])(#[^'"]+|@quorate\/[^'"]+)\2/g,
    (_all, before: string, quote: string, name: string) => `${before}${quote}${resolve(name, path)}${quote}`,
  );
}

/** Resolves as a browser's build would: the condition `node` does not hold. */
function resolve(name: string, from: string): string {
  const [, folder] = from.match(/^(\/packages\/[^/]+)/) ?? [];
  const [, scoped, rest] = name.match(/^@quorate\/([^/]+)(.*)$/) ?? [];
  const home = scoped === undefined ? String(folder) : `/packages/${scoped}`;
  const manifest = createRequire(import.meta.url)(join(root, home, 'package.json')) as {
    imports?: Record<string, Record<string, string>>;
    exports: Record<string, string>;
  };
  const target = scoped === undefined ? manifest.imports?.[name]?.['default'] : manifest.exports[`.${rest}`];
  if (target === undefined) throw new Error(`${name} in ${from} leads nowhere`);
  return join(home, dirname(target), target.slice(target.lastIndexOf('/') + 1));
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise(resolve => server.close(() => resolve()));
}
