import { abortSignal } from './abort-signal.ts';
import { ambient } from './ambient.ts';
import { changesetConfig } from './changeset-config.ts';
import { entryPoints } from './entry-points.ts';
import { fileLength } from './file-length.ts';
import { fileNames } from './file-names.ts';
import { foreignText, placesOfThisMachine } from './foreign-text.ts';
import { functionLength } from './function-length.ts';
import { imports } from './imports.ts';
import { links } from './links.ts';
import { manifestDependencies } from './manifest-dependencies.ts';
import { packageShape } from './package-shape.ts';
import { packageTableRule } from './package-table.ts';
import { readmeErrors } from './readme-errors.ts';
import { readmeSections } from './readme-sections.ts';
import type { Rule } from './rule.ts';
import { switchedOffTests } from './switched-off-tests.ts';
import { translation } from './translation.ts';
import { tsconfigReferences } from './tsconfig-references.ts';

/** All house rules, in the order in which they are reported. */
export function houseRules(root: string): readonly Rule[] {
  return [
    imports,
    manifestDependencies,
    tsconfigReferences,
    packageShape,
    entryPoints,
    ambient,
    abortSignal,
    fileNames,
    fileLength,
    functionLength,
    switchedOffTests,
    readmeSections,
    readmeErrors,
    links,
    translation,
    packageTableRule,
    changesetConfig,
    foreignText(placesOfThisMachine(root)),
  ];
}
