/** What stands in a {@link LinkedList}: it carries its own links, so that it can leave from anywhere in constant time. */
export interface Linked<Node> {
  previous: Node | undefined;
  next: Node | undefined;
  /** Whether it stands in a list. */
  isLinked: boolean;
}

/** A queue whose members may leave from the middle, without a search and without leaving a hole. */
export class LinkedList<Node extends Linked<Node>> {
  #first: Node | undefined;
  #last: Node | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get first(): Node | undefined {
    return this.#first;
  }

  push(node: Node): void {
    const last = this.#last;
    node.previous = last;
    node.next = undefined;
    node.isLinked = true;
    if (last === undefined) this.#first = node;
    else last.next = node;
    this.#last = node;
    this.#size++;
  }

  shift(): Node | undefined {
    const first = this.#first;
    if (first !== undefined) this.remove(first);
    return first;
  }

  /** False where it stood in no list. */
  remove(node: Node): boolean {
    if (!node.isLinked) return false;
    const { previous, next } = node;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    node.previous = undefined;
    node.next = undefined;
    node.isLinked = false;
    this.#size--;
    return true;
  }
}
