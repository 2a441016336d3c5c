/** What an error code means and what to do about it. */
export interface ErrorCode {
  /** Who says it: a package, or the node's HTTP API with its status. */
  readonly from: string;
  readonly means: string;
  /** What to do, as an instruction. */
  readonly advice: string;
}
