declare const brand: unique symbol;

/**
 * A primitive that the type system keeps apart from others of its kind.
 *
 * A node's id and a session's id are both strings; passing one for the other is a bug that no test is sure to find. A brand
 * makes it a type error and costs nothing at run time.
 */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };
