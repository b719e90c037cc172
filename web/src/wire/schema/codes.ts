/**
 * Shapes of the wire: refusals.
 *
 * Field order is the order on the wire; the compiler holds each shape to the
 * generated type, the golden file holds it to the bytes.
 */
import type * as W from '../gen/wire';
import { bytes32, id16, int, opt, struct, u16, u32 } from '../shape';

export const stale = struct<W.Stale>({
  keyring: opt(id16),
  generation: u32,
  n: int,
  head: bytes32,
});
export const refusal = struct<W.Refusal>({
  code: u16,
  retry_after: opt(int),
  chain_code: opt(u16),
  stale: opt(stale),
});
