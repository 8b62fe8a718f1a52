#!/usr/bin/env node
/** The command `futures`: parses, and hands over. */

import { readFileSync } from 'node:fs';
import { Argument, Command, CommanderError, Option } from 'commander';
import { declareBrokerOptions } from './cluster/broker-options.js';
import { declareWorkerOptions, type WorkerFlags } from './cluster/worker-options.js';
import { printCompletion, type Shell, shells } from './completion-command.js';
import { reportProblem } from './conclusion.js';
import { type DoctorFlags, runDoctor } from './doctor-command.js';
import { exitCodes } from './exit-codes.js';
import { watchThreads } from './live-threads.js';
import { runMap } from './map-command.js';
import { declareRunOptions, declareWorkOptions, type MapFlags, orders } from './map-options.js';
import {
  completionNotes,
  doctorNotes,
  mapNotes,
  programNotes,
  reportNotes,
  resumeNotes,
  topNotes,
  workerNotes,
} from './notes.js';
import type { ReportFlags } from './report-command.js';
import { type ResumeFlags, runResume } from './resume-command.js';
import { standardError } from './terminal.js';
import { runTop, type TopFlags } from './top-command.js';
import { StartError, UsageError } from './usage-error.js';
// Small, and what is large of them is loaded when it is needed: with files of their own, every command would be loaded from more files.
import { runWorker } from './worker-command.js';

async function main(argv: readonly string[]): Promise<number> {
  let exitCode: number = exitCodes.succeeded;
  const program = new Command('futures')
    .version(packageVersion(), '-V, --version', 'print the version')
    .exitOverride()
    .showHelpAfterError('(see --help)')
    // With its arguments, a command would leave no room for what it does.
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .addHelpText('after', programNotes);
  const map = program.command('map');
  declareRunOptions(declareWorkOptions(map))
    .optionsGroup('Results:')
    .option('-j, --journal <file>', 'keep a record from which a stopped run is resumed')
    .summary('call a function for each input')
    .description('Call a function of a module for each input, in parallel, and write the results as JSON Lines.')
    .addHelpText('after', mapNotes)
    .action(async (module: string, inputs: string[], flags: MapFlags) => {
      exitCode = await runMap(module, inputs, flags);
    });
  const resume = program.command('resume').argument('<journal>', 'what --journal has written');
  declareRunOptions(resume)
    .optionsGroup('Resuming:')
    .option('--failed', 'run again what failed, too')
    .option('--force', 'go on although the module or the inputs have changed')
    .summary('go on with a run that was stopped')
    .description('Go on with a run of "futures map --journal", and write the results of all of it.')
    .addHelpText('after', resumeNotes)
    .action(async (journal: string, flags: ResumeFlags) => {
      exitCode = await runResume(journal, flags);
    });
  program
    .command('report')
    .argument('<journal>', 'what --journal has written')
    .option('--html <file>', 'write a page with a timeline, latencies and failures')
    .option('--trace <file>', 'write a trace for Perfetto and chrome://tracing')
    .option('-o, --output <file>', 'write the results')
    .addOption(new Option('--order <order>', 'order of the results (default: completion)').choices(orders))
    .summary('tell what a run has done, from its journal')
    .description('Tell what a run of "futures map --journal" has done. Without options, print its summary.')
    .addHelpText('after', reportNotes)
    .action(async (journal: string, flags: ReportFlags) => {
      const { runReport } = await import('./report-command.js');
      exitCode = await runReport(journal, flags);
    });
  declareWorkerOptions(program.command('worker'))
    .summary('run tasks that other machines submit')
    .description('Run the tasks of a queue on this machine, until it is told to end. It logs JSON Lines.')
    .addHelpText('after', workerNotes)
    .action(async (flags: WorkerFlags) => {
      exitCode = await runWorker(flags);
    });
  declareBrokerOptions(program.command('top'))
    .optionsGroup('Showing:')
    .option('--once', 'print one table, after two seconds')
    .summary('show the workers of a queue, and what waits')
    .description('Show the workers of a queue and what waits for them, renewed each second.')
    .addHelpText('after', topNotes)
    .action(async (flags: TopFlags) => {
      exitCode = await runTop(flags);
    });
  program
    .command('doctor')
    .addHelpText('after', doctorNotes)
    .summary('check whether pools can work on this machine')
    .description('Check whether pools can work on this machine, and say what to do where they can not.')
    .option('--json', 'write one JSON object instead of lines for people')
    .option('--exec-path <file>', 'the Node executable that process workers are to run (option execPath)')
    .action(async (flags: DoctorFlags) => {
      exitCode = await runDoctor(flags);
    });
  program
    .command('completion')
    .addArgument(new Argument('<shell>', 'the shell that is to complete').choices(shells))
    .summary('print what makes a shell complete this command')
    .description('Print a script for a shell to source: then it completes commands, options and their values.')
    .addHelpText('after', completionNotes)
    .action(async (shell: Shell) => {
      exitCode = await printCompletion(shell, program);
    });
  try {
    await program.parseAsync(argv);
  } catch (error) {
    if (error instanceof CommanderError) return parseProblemCode(error, argv);
    return problemCode(error);
  }
  return exitCode;
}

/** Commander has written its message, or the help that was asked for. */
function parseProblemCode({ code, exitCode }: CommanderError, argv: readonly string[]): number {
  if (code === 'commander.missingArgument' && argv.includes('--glob'))
    standardError().write('(what follows --glob is taken for patterns: write the module before it)\n');
  return exitCode === 0 ? exitCodes.succeeded : exitCodes.wrongUsage;
}

function problemCode(error: unknown): number {
  if (!(error instanceof UsageError || error instanceof StartError)) throw error;
  reportProblem(standardError(), error.message);
  return error instanceof UsageError ? exitCodes.wrongUsage : exitCodes.someFailed;
}

function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

watchThreads();
// Not just `process.exitCode`: a pipe left open, or a user's timer in an inline task, must not keep the command alive.
const exitCode = await main(process.argv);
// What a slow reader of a pipe has not taken yet would end with this process.
if (process.stderr.writableLength > 0) await new Promise<void>((taken) => process.stderr.write('', () => taken()));
process.exit(exitCode);
