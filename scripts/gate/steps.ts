import { join } from 'node:path';
import { type Command, ROOT, bin } from '../run-command.ts';

/** One part of the gate. Each is a script of its own, so that it can be run again alone. */
export interface Step {
  readonly name: string;
  readonly summary: string;
  readonly command: Command;
  /** What a person types to run this step alone. */
  readonly rerun: string;
}

const PNPM = 'npx --yes pnpm@12';
const script = (name: string): Command => [process.execPath, join(ROOT, 'scripts', name)];

/** Quick and telling ones first. */
export const STEPS: readonly Step[] = [
  {
    name: 'format',
    summary: 'every file is as the formatter writes it',
    command: bin('biome', 'format', '.'),
    rerun: `${PNPM} format:check   (mend with: ${PNPM} format)`,
  },
  {
    name: 'lint',
    summary: 'oxlint with rules that know the types',
    command: bin('oxlint', '--type-aware', '--deny-warnings', '--report-unused-disable-directives'),
    rerun: `${PNPM} lint`,
  },
  {
    name: 'types',
    summary: 'TypeScript over everything, and over what is published as its builds see it',
    command: script('typecheck.ts'),
    rerun: `${PNPM} typecheck`,
  },
  {
    name: 'tidy',
    summary: 'the house rules',
    command: script('tidy.ts'),
    rerun: `${PNPM} tidy`,
  },
  {
    name: 'unit',
    summary: 'unit and property tests of all projects',
    command: bin('vitest', 'run'),
    rerun: `${PNPM} unit   (one project: ${PNPM} unit --project ring)`,
  },
  {
    name: 'build',
    summary: 'what is published, and the site',
    command: script('build.ts'),
    rerun: `${PNPM} build`,
  },
  {
    name: 'pack',
    summary: 'the packed tarballs, used on Node 22, 24 and 26',
    command: script('pack-check.ts'),
    rerun: `${PNPM} pack-check`,
  },
];
