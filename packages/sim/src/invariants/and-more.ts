/** How a sentence about the first of several goes on: nothing, `and 1 more`, `and 3 more`. */
export function andMore(others: number): string {
  return others === 0 ? '' : ` and ${others} more`;
}
