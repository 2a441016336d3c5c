export const help = `Usage: pnpm bench [filter ...] [options]

A filter is the name of a suite, or "suite/bench", or a part of that. Without one, every suite runs.

  --profile quick|full   quick (the default) takes minutes; full takes more processes, for figures that are quoted
  --threads 1,2          sizes of the thread groups, in benches that run in groups
  --param name=value     replaces a bench's parameter; name=10,100 runs both; may be repeated
  --seed N               seeds input, order of samples and bootstrap (default 1)
  --keys words|trace|FILE  where keys come from: the word list (default), the block trace in
                         $QUORATE_TESTDATA/traces, or a file with one key on each line
  --list                 shows suites, benches, contenders, parameters and goals, and runs nothing
  --json FILE|-          writes the report as JSON; with "-" standard output is nothing but the JSON
  --html FILE            writes the report as one self-contained page with plots
  --suites DIR           takes the suites from another folder
  -h, --help             this text

Exit codes: 0 done (a goal that was missed and a row that is inconclusive are results, not failures);
1 a bench failed; 64 the command line is wrong; 75 another bench is running on this machine;
130 and 143 interrupted.
`;
