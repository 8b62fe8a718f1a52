/**
 * The article's last program: `runner(index, name)`, at most three at a time, three minutes allowed for each, by the command.
 *
 *   npx futures map examples/upgrade.ts#runner --spread --input examples/upgrade.jsonl --max-workers 3 --timeout 3m
 *
 * What it prints goes to standard error, since standard output is where the command writes the results. SLEEP_MS shortens
 * the three seconds. `upgrade-careful.ts` is the version that a careful user would write.
 */
export async function runner(index: number, name: string): Promise<string> {
  console.log(`runner ${index} starts`);
  console.log(name);
  await new Promise((resolve) => setTimeout(resolve, Number(process.env['SLEEP_MS'] ?? 3000)));
  console.log(`runner ${index} ends`);
  return name;
}
