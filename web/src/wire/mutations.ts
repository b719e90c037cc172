/**
 * Test-only: switches single checks off, so that a proof of a refusal can be shown to fail without the check.
 *
 * The mode `mutations` is that of `scripts/victim.mjs` alone. Every other build replaces the question below by its
 * answer and drops what stands behind it; `scripts/check-dist.mjs` looks for what must be gone.
 *
 * Not known here: who asks, and what a check is about.
 */

/** What this program puts on its global object in that mode. */
interface Switches {
  relaisChecksOff?: ReadonlySet<number | string>;
}

/** Whether the check with this number (of a `ChainError` or `E2eeError`) or code (`H02`) is off. */
export function isOff(check: number | string): boolean {
  return (
    import.meta.env.MODE === 'mutations' && ((globalThis as Switches).relaisChecksOff?.has(check) ?? false)
  );
}
