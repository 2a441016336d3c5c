import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { chooseScenario } from '../../src/host/cli/choose-scenario.ts';
import { discoverScenarios } from '../../src/host/runner/discover-scenarios.ts';

const fixtures = fileURLToPath(new URL('../fixtures/', import.meta.url));
const good = `${fixtures}scenarios`;

test('a folder that cannot be read is a problem, and the others are found', async () => {
  const { found, problems } = await discoverScenarios([
    { path: `${good}/steady.ts`, package: 'no-folder' },
    { path: good, package: 'good' },
  ]);
  expect(found.map(({ id }) => id)).toContain('good/steady');
  expect(problems).toEqual([expect.stringMatching(/^Scenarios \S+steady\.ts must be readable: ENOTDIR/)]);
});

test('a name that two packages have needs the package', async () => {
  const discovered = await discoverScenarios([
    { path: good, package: 'a' },
    { path: good, package: 'b' },
  ]);
  expect(() => chooseScenario(discovered, 'steady')).toThrow(
    'Scenario "steady" must be one: there are a/steady, b/steady',
  );
  expect(chooseScenario(discovered, 'b/steady').id).toBe('b/steady');
});

test('a name that no module has which loads may be in one that does not', async () => {
  const discovered = await discoverScenarios([{ path: good }, { path: `${fixtures}broken` }]);
  expect(() => chooseScenario(discovered, 'unheard-of')).toThrow(
    /^No scenario is called "unheard-of" in what loads, and this does not:\n(?:.|\n)*Not today/,
  );
});
