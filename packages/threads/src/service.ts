import type { Call } from './call.ts';
import type { WorkerContext } from './worker-context.ts';

/**
 * Answers one method: takes one value, returns one value or a promise of it. Both are cloned on their way.
 */
export type Handler = (input: never, call: Call) => unknown;

/** The methods that a worker answers, by name. `[Symbol.asyncDispose]`, where present, runs when the worker is closed. */
export type Methods = Readonly<Record<string, Handler>>;

const serviceMark: unique symbol = Symbol.for('quorate.threads.service') as never;

/** What {@link serve} makes: the methods as a type for the caller, and how to set them up for the worker. */
export interface Service<M extends Methods = Methods, Data = unknown> {
  readonly [serviceMark]: (worker: WorkerContext<Data>) => M | Promise<M>;
}

/** Any service, whatever its methods and data. */
export type AnyService = Service<Methods, never>;

/** The methods of a service's type. */
export type MethodsOf<S extends AnyService> = S extends Service<infer M, never> ? M : never;

/** The start data of a service's type. */
export type DataOf<S extends AnyService> = S extends Service<Methods, infer Data> ? Data : never;

/**
 * Declares what a worker module answers. The module exports the result, under any name or as default; the type of that
 * export is all that the caller needs of the module.
 *
 * Hand in the methods, or a function that is called once per worker with its {@link WorkerContext} and returns them. State
 * belongs inside that function: module state is the thread's, which inline workers share.
 *
 * @throws TypeError when a method is not a function
 */
export function serve<M extends Methods, Data = undefined>(
  methods: M | ((worker: WorkerContext<Data>) => M | Promise<M>),
): Service<M, Data> {
  if (typeof methods === 'function') return { [serviceMark]: methods };
  methodTable(methods);
  return { [serviceMark]: () => methods };
}

/** The methods by name, own and enumerable ones only, so that no caller reaches `constructor` and the like. */
export function methodTable(methods: Methods): ReadonlyMap<string, Handler> {
  if (typeof methods !== 'object' || methods === null)
    throw new TypeError(`Methods must be an object of functions: received ${String(methods)}`);
  const entries = Object.entries(methods);
  for (const [name, handler] of entries) {
    if (typeof handler !== 'function')
      throw new TypeError(`Method "${name}" must be a function: received ${typeof handler}`);
  }
  return new Map(entries);
}

/** Sets a service up for one worker. */
export function setUp(service: AnyService, worker: WorkerContext<never>): Methods | Promise<Methods> {
  return service[serviceMark](worker);
}

/**
 * Finds the service among a module's exports.
 *
 * @throws TypeError when there is none, or more than one
 */
export function findService(module: Readonly<Record<string, unknown>>, url: string): AnyService {
  const services = new Set(Object.values(module).filter(isService));
  const [service] = services;
  if (service === undefined)
    throw new TypeError(`Worker module must export the result of serve(): ${url} exports none`);
  if (services.size > 1)
    throw new TypeError(`Worker module must export one result of serve(): ${url} exports ${services.size}`);
  return service;
}

function isService(value: unknown): value is AnyService {
  return typeof value === 'object' && value !== null && serviceMark in value;
}
