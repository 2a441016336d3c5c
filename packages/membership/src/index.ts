/**
 * Who is alive: SWIM with Lifeguard, phi accrual, and a service registry over any Store.
 *
 * @packageDocumentation
 */
export {};
