export const checkHelp = `Usage: pnpm bench:check --base REF [filter ...] [options]
       pnpm bench:check --from FILE [options]

Compares what is checked out here, changes that are not committed included, with the commit REF, bench by bench, and
says whether something got slower. A filter is the name of a suite, or "suite/bench", or a part of that. Without one,
every suite is compared but those that run on request only.

  --base REF               the commit to compare with, such as origin/main or HEAD^
  --budget 8m              no measurement is started after so much time (90s, 8m, 1h); builds come before that
  --min-effect 2.5%        smaller changes of time are none; some benches (thread groups: 25%) have more (up to 50%)
  --alpha 1%               probability of a false alarm in a whole run
  --profile gate|headline  gate (the default) takes V8's luck out by deterministic flags; headline has V8's own flags
                           and many processes, and shows how they spread
  --threads 1,2            sizes of the thread groups, in benches that run in groups
  --param name=value       replaces a bench's parameter; name=10,100 compares both; may be repeated
  --seed N                 seeds input, order of samples and bootstrap (default 1)
  --keys words|trace|FILE  where keys come from, as for pnpm bench
  --suites DIR             takes the suites from another folder
  --list                   shows what would be compared, and measures nothing

  --from FILE              judges the pairs of a JSON report again, by --min-effect and --alpha, and measures nothing

  --json FILE|-            writes the report with all pairs as JSON; with "-" standard output is nothing but the JSON
  --html FILE              writes the report as one self-contained page with plots
  --summary FILE           adds the report to a Markdown file ($GITHUB_STEP_SUMMARY)
  --history FILE           adds a line to FILE, whose lines --html plots
  -h, --help               this text

Exit codes:
  0    nothing got slower
  1    something did
  2    inconclusive: the canaries did not come out as they are known to be, pairs are spread too far, or nothing could
       be compared
  3    a bench failed, a suite does not load, or one of the two builds could not be made
  64   the command line is wrong
  75   another bench is running on this machine
  130  interrupted; 143 and 129 where it was terminated or its terminal closed
`;
