/**
 * A Store on PostgreSQL 15 and later: revisions in the order of commits, sessions by the server's clock, LISTEN that may be lost.
 *
 * @packageDocumentation
 */
export {};
