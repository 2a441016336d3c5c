/**
 * Runs threads that share memory in one, in every order of their steps, with deaths: for tests. Private.
 *
 * @packageDocumentation
 */
export { type Explored, type ExploreOptions, exploreAll } from './explore.ts';
export { type Choice, type Model, ModelFailure, must, type Program } from './model.ts';
export { beforehand } from './stepper.ts';
export { walk, walkMany } from './walk.ts';
