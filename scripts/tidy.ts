import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readOptions } from './command-line.ts';
import { withPackageTable } from './tidy/package-table.ts';
import { Repository } from './tidy/repository.ts';
import { houseRules } from './tidy/rules.ts';

const USAGE = `pnpm tidy: checks the house rules that no linter knows

  --only a,b   these rules alone
  --list       name the rules
  --write      bring the generated table in README.md up to date first
  --json       { findings: [{ rule, file, line, message }] } on stdout
`;

const root = join(import.meta.dirname, '..');
const values = readOptions(USAGE, {
  only: { type: 'string' },
  list: { type: 'boolean', default: false },
  write: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
});

process.exitCode = main();

function main(): number {
  const rules = houseRules(root);
  if (values.list) {
    for (const { name, summary } of rules) process.stdout.write(`${name.padEnd(22)}${summary}\n`);
    return 0;
  }
  const only = values.only?.split(',');
  const unknown = only?.find(name => !rules.some(rule => rule.name === name));
  if (unknown !== undefined) {
    process.stderr.write(`No rule is called "${unknown}": see pnpm tidy --list\n`);
    return 2;
  }
  if (values.write) {
    writeFileSync(join(root, 'README.md'), withPackageTable(Repository.open(root)));
  }
  const repository = Repository.open(root);
  const chosen = rules.filter(({ name }) => only === undefined || only.includes(name));
  const findings = chosen.flatMap(rule =>
    [...rule.check(repository)].map(finding => ({ rule: rule.name, ...finding })),
  );
  if (values.json) process.stdout.write(`${JSON.stringify({ findings })}\n`);
  for (const { rule, file, line, message } of values.json ? [] : findings) {
    process.stdout.write(`${file}:${line}: ${message} [${rule}]\n`);
  }
  process.stderr.write(
    findings.length === 0
      ? `${chosen.length} rules hold over ${repository.files.length} files\n`
      : `${findings.length} findings; pnpm tidy --list explains the rules\n`,
  );
  return findings.length === 0 ? 0 : 1;
}
