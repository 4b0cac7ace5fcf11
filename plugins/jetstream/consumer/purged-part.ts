/** What a purge took, as far as it is a consumer's. */
export interface PurgedPart {
  /** Everything below is gone. */
  readonly start: number;
  /** Of what lies above, something may be gone as well, since more is delivered here than was purged. */
  readonly isWider: boolean;
  /** Anything is gone at all. */
  readonly isAnyGone: boolean;
  /** Something is gone that was sent, here or to others, and waited. */
  readonly isHeldGone: boolean;
}
