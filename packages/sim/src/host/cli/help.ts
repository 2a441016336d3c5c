export const help = `Usage: pnpm sim SCENARIO [options]
       pnpm sim --replay LINE [--html FILE]
       pnpm sim --list

Runs seeds of a scenario, each in a process that can be ended, and says what is wrong with those that fail. A scenario is
called by its name, or as "package/name".

  --seeds 1..10000       which seeds, or a single one (default 1..1000; with --budget alone, from 1 on without end)
  --jobs 2               processes (default: one for each core)
  --budget 5m            no seed is run after so much time (90s, 5m, 1h)
  --seed-deadline 60s    a seed that takes longer is ended and counts as failed
  --failures 10          no seed is started after so many failures
  --shrink yes|no        makes the first failure of each kind smaller (default yes)
  --shrink-budget 60s    the time for that, and --shrink-runs 10000 the number of runs
  --keep                 writes the first failure of each kind into the regressions folder beside the scenario
  --without NAME,NAME    takes faults, draws or operations away, such as swarm/crashes, fault:pause
                         or op:client-0#3; may be repeated
  --check-determinism    runs every seed twice in two processes, compares the traces' hashes, and shows the first event
                         that differs

  --replay LINE          runs again what a failure's line says, and compares the trace's hash
  --list [PART]          shows the scenarios, or those that have this in their names
  --scenarios DIR        takes the scenarios from another folder than packages/*/scenarios

  --html FILE            writes the trace of the (first) failure, of a single seed, of what is replayed, or of both runs
                         that differ, as one self-contained page
  --json FILE|-          writes the report as JSON; with "-" standard output is nothing but the JSON
  -h, --help             this text

Exit codes:
  0    every seed was fine
  1    a seed broke an invariant or a check
  2    inconclusive: the time was over before any seed was run, or it was interrupted and nothing had failed
  3    a scenario failed itself: it threw, hung, took its process down, was not deterministic, or does not load
  64   the command line is wrong
`;
