/**
 * Shapes of the wire: blobs.
 *
 * Field order is the order on the wire; the compiler holds each shape to the
 * generated type, the golden file holds it to the bytes.
 */
import type * as W from '../gen/wire';
import { bytes32, flag, id16, int, opt, struct } from '../shape';

export const getBlob = struct<W.GetBlob>({
  blob: id16,
});
export const blobCard = struct<W.BlobCard>({
  complete: flag,
  bytes: int,
  hash: opt(bytes32),
});
