import type { Rule } from './rule.ts';

/** Above this a file holds more than one idea. */
const LINES_MAX = 400;
/** Tests repeat a shape; they are read one case at a time. */
const TEST_LINES_MAX = 500;
const CODE = /\.(?:ts|tsx|mts|js|mjs|vue|css|html)$/;
const GENERATED = /\.(?:gen|data)\.[a-z]+$|\/vectors\//;

export const fileLength: Rule = {
  name: 'file-length',
  summary: `no source above ${LINES_MAX} lines, no test above ${TEST_LINES_MAX} (*.gen.*, *.data.* and vectors/ aside)`,
  *check(repository) {
    for (const file of repository.files) {
      if (!CODE.test(file) || GENERATED.test(file)) continue;
      const lines = repository.text(file).replace(/\n$/, '').split('\n').length;
      const limit = /\.test\.[a-z]+$/.test(file) ? TEST_LINES_MAX : LINES_MAX;
      if (lines > limit) yield { file, line: limit + 1, message: `${lines} lines: the limit is ${limit}` };
    }
  },
};
