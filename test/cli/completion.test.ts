import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { before } from 'node:test';
import { describe, it } from './bounded-test.js';
import { fixtures, futures, temporaryDirectory } from './command.js';

function missing(shell: string): string | false {
  return spawnSync(shell, ['--version']).error === undefined ? false : `${shell} is not installed`;
}

const scripts: Record<string, string> = {};
before(async () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, stdout, stderr } = await futures(['completion', shell]);
    assert.equal(code, 0, stderr);
    scripts[shell] = stdout;
  }
});

/** What bash offers for the last of these words, as bash itself cuts them. */
function bashOffers(...words: string[]): string[] {
  const script = `${scripts['bash']}
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _futures; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const stdout = execFileSync('bash', ['--norc', '-c', script, 'bash', ...words], { encoding: 'utf8', cwd: fixtures });
  return stdout.split('\n').filter((word) => word !== '');
}

function fishOffers(line: string): string[] {
  using directory = temporaryDirectory();
  const file = directory.write('futures.fish', scripts['fish'] ?? '');
  const script = `source ${file}; complete -C '${line}'`;
  const stdout = execFileSync('fish', ['--no-config', '-c', script], { encoding: 'utf8', cwd: fixtures });
  return stdout.split('\n').flatMap((row) => (row === '' ? [] : [row.split('\t')[0] as string]));
}

/** What the help lists. */
async function listed(args: readonly string[], pattern: RegExp): Promise<string[]> {
  const { stdout } = await futures([...args, '--help']);
  return [...stdout.matchAll(pattern)].map((match) => match[1] as string);
}

describe('completion in bash', { skip: missing('bash') }, () => {
  it('offers the commands, and the options of each, as the help lists them', async () => {
    const commands = await listed([], /^ {2}([a-z]+) {2,}\S/gm);
    assert.ok(commands.includes('map'));
    assert.deepEqual(bashOffers('futures', ''), commands);
    for (const command of commands.filter((name) => name !== 'help')) {
      const options = await listed([command], /^ {2}(?:-\w, )?(--[a-z-]+)/gm);
      assert.deepEqual(bashOffers('futures', command, '--').sort(), options.sort());
    }
  });

  it('offers the choices of an option that has some, whichever way they are written', async () => {
    const kinds = ['thread', 'process', 'inline'];
    assert.deepEqual(bashOffers('futures', 'map', 'x.mjs', '-e', ''), kinds);
    assert.deepEqual(bashOffers('futures', 'map', '--executor', '=', 'th'), ['thread']);
    assert.deepEqual(bashOffers('futures', 'map', '--executor', '='), kinds);
    assert.deepEqual(bashOffers('futures', 'completion', ''), ['bash', 'zsh', 'fish']);
    assert.deepEqual(bashOffers('futures', 'help', 'do'), ['doctor']);
  });

  it('leaves the rest to bash, which completes the names of files', async () => {
    assert.match(scripts['bash'] ?? '', /^complete .*-o default .*-F _futures futures$/m);
    for (const words of [['./ta'], ['a.mjs', '--input', ''], ['a.mjs', '--', '--ex'], ['a.mjs', '-w', '']])
      assert.deepEqual(bashOffers('futures', 'map', ...words), []);
  });
});

describe('completion in zsh', { skip: missing('zsh') }, () => {
  it('is a script that zsh understands, and gives the function to zsh', async () => {
    const script = `compdef() { print -r -- "$@" }; ${scripts['zsh']}; whence -w _futures`;
    const stdout = execFileSync('zsh', ['-f', '-c', script], { encoding: 'utf8' });
    assert.equal(stdout, '_futures futures\n_futures: function\n');
  });
});

describe('completion in fish', { skip: missing('fish') }, () => {
  it('offers commands, options, choices and files', async () => {
    assert.ok(fishOffers('futures ').includes('map'));
    assert.deepEqual(fishOffers('futures map --exec'), ['--executor']);
    assert.deepEqual(fishOffers('futures map -e '), ['inline', 'process', 'thread']);
    assert.deepEqual(fishOffers('futures map ./only'), ['./only.mjs']);
    assert.deepEqual(fishOffers('futures map x.mjs -w '), []);
  });
});

describe('futures completion', () => {
  it('names the shells that it knows', async () => {
    const { code, stderr } = await futures(['completion', 'tcsh']);
    assert.equal(code, 2);
    assert.match(stderr, /^error: .*'tcsh' is invalid.*Allowed choices are bash, zsh, fish/);
  });
});
