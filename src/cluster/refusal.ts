/** Why a message is not taken. */

export type RefusalReason =
  | 'UNSIGNED'
  | 'BAD_SIGNATURE'
  | 'REPLAYED'
  | 'OVERSIZED'
  | 'MALFORMED'
  | 'WRONG_VERSION'
  | 'MODULE_NOT_ALLOWED'
  | 'CODE_NOT_FOUND'
  | 'CODE_DIFFERS'
  | 'TOO_MANY_DELIVERIES';

export class Refusal extends Error {
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Refusal';
    this.reason = reason;
  }
}
