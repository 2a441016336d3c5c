import type { Rule } from './rule.ts';

const ALLOWED = new Set(['ExportNamedDeclaration', 'ExportAllDeclaration']);

/** `src/index.ts` is a package's table of contents: what it says is exported, and nothing happens in it. */
export const entryPoints: Rule = {
  name: 'entry-points',
  summary: 'src/index.ts only re-exports, and opens with a @packageDocumentation comment',
  *check(repository) {
    for (const { folder, published } of repository.workspace) {
      const file = `${folder}/src/index.ts`;
      if (!published) continue;
      if (!repository.has(file)) {
        yield { file, line: 1, message: 'a published package has src/index.ts' };
        continue;
      }
      const { program, comments, lineAt } = repository.source(file);
      const body = program['body'] as readonly { type: string; start: number; source?: unknown }[];
      for (const node of body) {
        if (ALLOWED.has(node.type) && node.source !== null && node.source !== undefined) continue;
        yield {
          file,
          line: lineAt(node.start),
          message: 'index.ts only re-exports: move this to its own file',
        };
      }
      const first = body[0]?.start ?? Number.POSITIVE_INFINITY;
      if (
        !comments.some(comment => comment.end <= first && comment.value.includes('@packageDocumentation'))
      ) {
        yield { file, line: 1, message: 'index.ts opens with a comment that has @packageDocumentation' };
      }
    }
  },
};
