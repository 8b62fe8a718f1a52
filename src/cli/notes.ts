/** What the help of a command says beyond its options. */

export const programNotes = `
Examples:
  futures map ./resize.js a.png b.png     call its function for each input
  futures resume resize.journal           go on with a run that was stopped
  futures report resize.journal           what it has done so far
  futures doctor                          where pools do not work
  source <(futures completion bash)       complete with Tab, in this shell
`;

export const mapNotes = `
The module is a file, a file: URL or an installed package. Without #export, its
default export is called, or the only function that it exports. Inputs that
start with a dash follow "--".

Results are JSON Lines, one object per input:
  {"index":0,"input":"a.png","status":"ok","value":12,"ms":8.1,"attempts":1}
  {"index":1,"input":"b.png","status":"failed","error":{"name":"Error",
   "message":"…","stack":"…"},"ms":2.5,"attempts":1}
Everything else that the command has to say goes to standard error.

Examples:
  futures map ./resize.js a.png b.png c.png
  futures map ./tasks.ts#resize --glob 'photos/**/*.jpg' --journal r.journal
  futures map ./tasks.ts#load --input rows.csv.gz --max-failures 5%
  futures map ./tasks.js#add --spread --input pairs.json --executor process
  find . -name '*.png' | futures map ./resize.js --input - --timeout 30s

Exit codes: 0 all succeeded, 1 some failed, 2 wrong usage, 124 out of time
(--total-timeout), 130 and 143 ended by SIGINT (Ctrl-C) and SIGTERM. After a
first signal no task is started, and running ones have --grace to end; a second
one ends the command now.
`;

export const resumeNotes = `
What the journal has a record of is not run again; what was running when the run
was stopped is. Options that are given here replace those of the first run.
Inputs from standard input have to be piped in again.

Examples:
  futures resume resize.journal
  futures resume resize.journal --failed --retries 2 --max-workers 4
`;

export const reportNotes = `
A journal may be that of a run that was stopped or killed, or still goes on.
The page needs no network and no other file. The trace opens in ui.perfetto.dev
and chrome://tracing.

Examples:
  futures report resize.journal
  futures report resize.journal --html resize.html --trace resize.json
  futures report resize.journal -o results.jsonl --order input
`;

export const doctorNotes = `
Examples:
  futures doctor
  futures doctor --json
  futures doctor --exec-path /opt/node/bin/node

Exit codes: 0 pools can work here, 1 a check failed, 2 wrong usage.
`;

export const completionNotes = `
Examples:
  source <(futures completion bash)                  in ~/.bashrc
  source <(futures completion zsh)                   in ~/.zshrc, after compinit
  futures completion fish > ~/.config/fish/completions/futures.fish
`;
