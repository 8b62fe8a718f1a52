/** What the help of a command says beyond its options. */

export const programNotes = `
Examples:
  futures map ./resize.js a.png b.png       call its function for each input
  futures resume r.journal                  go on with it (futures report: tell)
  futures worker -s nats://broker:4222      run others' tasks (futures top: see)
  futures doctor                            where pools do not work
  source <(futures completion bash)         complete with Tab, in this shell
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

export const workerNotes = `
Secrets come in files or in the environment: FUTURES_KEY (for --key-file),
FUTURES_USER and FUTURES_PASSWORD, FUTURES_TOKEN. A private key is Ed25519, PEM.

After SIGTERM or SIGINT it takes no more, and what runs has --grace to end; what
does not goes to another worker. A second signal ends it now. While the broker
is away it looks for it, for ever.

Examples:
  futures worker --servers nats://127.0.0.1:4222
  futures worker -s nats://broker:4222 --queue images --executor process \\
    --max-workers 50% --key-file images.key --health 8080
  futures worker -s tls://a:4222,tls://b:4222 --creds w.creds --tls-ca ca.pem \\
    --key-file images.key --allow-module my-tasks --root /srv/my-tasks

Exit codes: 0 ended by a signal, 1 it can't begin or go on, 2 wrong usage, 130
and 143 by a second SIGINT and SIGTERM.
`;

export const topNotes = `
It needs the workers' key (--key-file, or FUTURES_KEY): what is signed with
another one is not shown. Ctrl-C ends it. Where standard output is no terminal,
it is as with --once.

Examples:
  futures top --servers nats://127.0.0.1:4222
  futures top -s nats://broker:4222 --queue images --key-file images.key --once
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
