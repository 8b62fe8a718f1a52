/** What the user asked for can't be done as asked: one message, no stack, exit code 2. */
export class UsageError extends Error {
  override readonly name: string = 'UsageError';
}

/** The text of anything thrown, for a message of ours to end with. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The `code` of a system error or of a library error, if it has one. */
export function codeOf(thrown: unknown): string | undefined {
  const code: unknown = (thrown as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** Why a file can't be used, in words, for the errors that people meet. */
export function fileProblem(thrown: unknown): string {
  switch (codeOf(thrown)) {
    case 'ENOENT':
      return 'no such file or directory';
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    case 'EISDIR':
      return 'it is a directory';
    case 'ENOTDIR':
      return 'a part of its path is not a directory';
    case 'ENOSPC':
      return 'no space left on the device';
    default:
      return messageOf(thrown);
  }
}
