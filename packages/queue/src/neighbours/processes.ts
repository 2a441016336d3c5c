/** The processes of this machine, as far as one can be told from another that had its number before. */
export interface Processes {
  /** What has all numbers of processes in common: a boot of a machine, or of a container in it. */
  readonly host: string;
  /** This process, by its number and by when it was started. */
  readonly self: string;
  /** Whether a process of this host has certainly ended. */
  isGone(name: string): boolean;
}
