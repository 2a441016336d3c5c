/** Where what cannot be handled goes: beside its queue, in the same partition. */
export function deadLettersOf(queue: string): string {
  return `${queue}/~dead`;
}
