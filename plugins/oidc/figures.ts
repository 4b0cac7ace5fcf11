/** What is counted: every limit that was met, and how things go. */

export class Figures {
  readonly counts = {
    accepted: 0,
    refused: 0,
    /** Tokens over `max_token_size`. */
    oversized_tokens: 0,
    /** Logins over `max_pending_logins`. */
    turned_away: 0,
    /** Logins that were not decided within the time for them. */
    late_logins: 0,
    key_loads: 0,
    successful_key_loads: 0,
    /** Timeouts, answers over `max_size` and sets over `max_keys` among them. */
    failed_key_loads: 0,
    /** Unknown keys that were not looked for because of `cooldown`. */
    cooled_down: 0,
    /** Logins while there were no keys, or none younger than `max_age`. */
    without_keys: 0,
  };

  addTo(more: Record<string, number>): void {
    for (const [name, count] of Object.entries(this.counts)) more[`oidc.${name}`] = count;
  }
}
