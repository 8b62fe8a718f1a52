/** Node's permission model may forbid what workers need; said before the first worker, with the flags that are missing. */

import { BootstrapError } from '../errors.js';

/** A scope of `process.permission`, the flag that allows it, and the path to allow. */
type Need = readonly [scope: string, flag: string, path?: string];

/** Present while the permission model is on. */
interface Permission {
  has(scope: string, reference?: string): boolean;
}

export function checkPermissions(workers: string, needs: readonly Need[]): void {
  const { permission } = process as { permission?: Permission };
  if (permission === undefined) return;
  const missing = needs
    .filter(([scope, , path]) => !permission.has(scope, path))
    .map(([, flag, path]) => (path === undefined ? flag : `${flag}=${path}`));
  if (missing.length === 0) return;
  throw new BootstrapError(
    `tasks can't be run in ${workers}: Node's permission model is on, and does not allow all that they need. ` +
      `Start node with ${missing.join(' ')} as well.`,
  );
}
