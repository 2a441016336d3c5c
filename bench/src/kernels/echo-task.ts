/** A Piscina task that gives back what it is given. */
export default function echo(value: number): number {
  return value;
}
