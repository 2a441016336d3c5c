/**
 * What every seam promises, as cases: run them on an engine of your own, with any test runner.
 *
 * @packageDocumentation
 */
export {};
