import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const styleSheets = ['colours.css', 'style.css', 'stage.css', 'events.css'];

/**
 * Makes src/viewer/page.gen.ts: the page's script and style sheet as texts, and the digests by which the page's content
 * security policy lets these in and nothing else.
 *
 * The script is written as TypeScript modules with the browser's types, tested like any other code, and made into one text
 * here rather than from functions' `toString()` at run time: that breaks as soon as a tool rewrites a function, as test
 * runners, coverage, bundlers and `keepNames` do. And the published package needs neither a bundler nor the browser's
 * types. The made file is committed; a test compares it with what this makes of the sources.
 */
export function buildPage(): string {
  const folder = import.meta.dirname;
  const script = pageScript(join(folder, 'main.ts'));
  const style = squeezed(styleSheets.map(name => readFileSync(join(folder, name), 'utf8')).join(''));
  const parts = {
    pageScript: script,
    pageStyle: style,
    scriptDigest: digest(script),
    styleDigest: digest(style),
  };
  const lines = Object.entries(parts).map(
    ([name, text]) => `export const ${name}: string =\n  ${JSON.stringify(text)};\n`,
  );
  return `// Made by page/build-page.ts from page/*.ts and page/*.css: change these, then run it.\n${lines.join('')}`;
}

/** All modules that `entry` imports, each after those that it imports, as one module. */
function pageScript(entry: string): string {
  const texts = new Map<string, string>();
  const visit = (file: string): void => {
    if (texts.has(file)) return;
    texts.set(file, '');
    const { code, imports } = withoutImports(file, stripTypeScriptTypes(readFileSync(file, 'utf8')));
    for (const imported of imports) visit(imported);
    texts.delete(file);
    texts.set(file, code);
  };
  visit(entry);
  const script = squeezed([...texts.values()].join('\n'));
  if (/<\/script|<!--/i.test(script)) throw new Error('The script would end within the page');
  return script;
}

/** Imports and exports go: in one module all names are known. Two things of one name are a syntax error there. */
function withoutImports(file: string, source: string): { code: string; imports: string[] } {
  const imports: string[] = [];
  const code = source.replace(
    /^import\s+\{([^}]*)\}\s+from\s+'([^']+)';/gm,
    (_, names: string, from: string) => {
      if (/\sas\s/.test(names)) throw new Error(`${relative('.', file)} renames what it imports`);
      imports.push(join(dirname(file), from));
      return '';
    },
  );
  const rest = code.replace(/^export (?=const|function|class|let)/gm, '');
  const left = /^(?:import|export)\b.*/m.exec(rest)?.[0];
  if (left !== undefined) throw new Error(`${relative('.', file)} has what this cannot take: ${left}`);
  return { code: rest, imports };
}

/** Without comments that have lines of their own, indentation, empty lines and what types leave behind. No text in the sources spans lines or has two spaces in a row. */
function squeezed(text: string): string {
  return text
    .replace(/^[ \t]*\/\*[\s\S]*?\*\/[ \t]*$/gm, '')
    .replace(/^[ \t]*\/\/.*$/gm, '')
    .replace(/^\s+|[ \t]+$/gm, '')
    .replace(/ {2,}/g, ' ')
    .replace(/\n{2,}/g, '\n')
    .trim();
}

function digest(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(join(import.meta.dirname, '../src/viewer/page.gen.ts'), buildPage());
}
