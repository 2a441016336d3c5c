/**
 * Deterministic simulation of distributed programs, and checkers for what they must keep.
 *
 * @packageDocumentation
 */
export type { Operation } from './operation.ts';
