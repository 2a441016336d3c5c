/**
 * Placeholder.
 *
 * @packageDocumentation
 */
export {};
